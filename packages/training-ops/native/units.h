// Images as they come (bytes), and the choice of units.
#pragma once
#include "checks.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace training_ops {

/** Normalized value of each channel's 256 pixel values, computed in double. */
inline std::vector<float> levelsOf(at::ArrayRef<double> mean, at::ArrayRef<double> deviation) {
  std::vector<float> levels(256 * mean.size());
  for (size_t i = 0; i < levels.size(); i++)
    levels[i] = static_cast<float>(((i & 255) / 255.0 - mean[i >> 8]) / deviation[i >> 8]);
  return levels;
}

inline void checkImages(const Tensor& images, const Tensor& offsets, at::ArrayRef<double> mean,
                        at::ArrayRef<double> deviation, at::ScalarType type) {
  TORCH_CHECK(images.dim() == 4 && (images.scalar_type() == at::kByte || images.scalar_type() == at::kBool),
              "images must be bytes [n, h, w, c], not ", images.scalar_type(), " ", images.sizes());
  const int64_t batch = images.size(0), channels = images.size(3);
  TORCH_CHECK(offsets.dim() == 2 && offsets.size(0) == batch && offsets.size(1) == 3 &&
                  offsets.scalar_type() == at::kInt,
              "offsets must be int32 [", batch, ", 3], not ", offsets.scalar_type(), " ", offsets.sizes());
  const bool described = static_cast<int64_t>(mean.size()) == channels && mean.size() == deviation.size();
  TORCH_CHECK(described, mean.size(), " means and ", deviation.size(), " deviations for ", channels, " channels");
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "images become float32 or bfloat16, not ", type);
}

/**
 * Crops image n from (dy, dx) of itself, black beyond its edges, then flips it left to right if asked, then normalizes.
 * offsets int32 [n, 3]: dy, dx, flip.
 */
inline Tensor augment(const Tensor& images, const Tensor& offsets, at::ArrayRef<double> mean,
                      at::ArrayRef<double> deviation, at::ScalarType type) {
  checkImages(images, offsets, mean, deviation, type);
  const int64_t batch = images.size(0), height = images.size(1), width = images.size(2), channels = images.size(3);
  const Tensor pixels = images.contiguous(), moves = offsets.contiguous();
  const auto levels = levelsOf(mean, deviation);
  const auto* bytes = static_cast<const uint8_t*>(pixels.data_ptr());
  const int64_t stride = width * channels;
  Tensor out = at::empty(images.sizes(), at::TensorOptions(type));

  withLoops(out, [&](const auto& loop, auto element) {
    auto* rows = stored<decltype(element)>(out);
    const auto black = [&](auto* to, int64_t count) { loop.levelRow(nullptr, levels.data(), count, channels, 1, to); };
    at::parallel_for(0, batch * height, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, stride)),
                     [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const int32_t* move = moves.data_ptr<int32_t>() + row / height * 3;
        const int64_t y = row % height + move[0], dx = move[1];
        auto* to = rows + row * stride;
        if (y < 0 || y >= height) { black(to, width); continue; }
        // the columns of the crop that lie in the image
        const int64_t left = std::clamp<int64_t>(-dx, 0, width), right = std::clamp<int64_t>(width - dx, left, width);
        const uint8_t* line = bytes + (row / height * height + y) * stride;
        const int64_t before = move[2] ? width - right : left;
        const uint8_t* first = line + (move[2] ? right - 1 + dx : left + dx) * channels;
        black(to, before);
        loop.levelRow(first, levels.data(), right - left, channels, move[2] ? -1 : 1, to + before * channels);
        black(to + (before + right - left) * channels, width - before - (right - left));
      }
    });
  });
  return out;
}

inline void checkScores(const Tensor& scores, int64_t count) {
  TORCH_CHECK(scores.scalar_type() == at::kFloat, "scores must be float32, not ", scores.scalar_type());
  TORCH_CHECK(count >= 0 && count <= scores.numel(), scores.numel(), " units cannot keep ", count);
}

/** 1 at the `count` largest scores; among equal ones the lower index wins; NaN is below all. */
inline Tensor topMask(const Tensor& scores, int64_t count) {
  checkScores(scores, count);
  const int64_t units = scores.numel();
  const Tensor flat = scores.contiguous();
  Tensor mask = at::zeros(scores.sizes(), at::TensorOptions(at::kFloat));
  if (count == 0) return mask;
  const auto ranked = [](float score) { return std::isnan(score) ? -std::numeric_limits<float>::infinity() : score; };
  std::vector<float> sorted(units);
  std::transform(data(flat), data(flat) + units, sorted.begin(), ranked);
  std::nth_element(sorted.begin(), sorted.begin() + (count - 1), sorted.end(), std::greater<>());
  const float threshold = sorted[count - 1];
  int64_t ties = count - std::count_if(sorted.begin(), sorted.begin() + count, [&](float s) { return s > threshold; });
  for (int64_t i = 0; i < units; i++) {
    const float score = ranked(data(flat)[i]);
    mask.data_ptr<float>()[i] = score > threshold || (score == threshold && ties-- > 0);
  }
  return mask;
}

}  // namespace training_ops
