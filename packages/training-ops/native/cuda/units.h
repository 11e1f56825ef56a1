// Images as they come (bytes), and the choice of units, on CUDA.
#pragma once
#include "../units.h"
#include "launch.h"

namespace training_ops::cuda {

inline Tensor augment(const Tensor& images, const Tensor& offsets, at::ArrayRef<double> mean,
                      at::ArrayRef<double> deviation, at::ScalarType type) {
  checkImages(images, offsets, mean, deviation, type);
  const int64_t channels = images.size(3);
  TORCH_CHECK(channels <= kMaxImageChannels, "images have at most ", kMaxImageChannels, " channels here, not ", channels);
  const Tensor pixels = images.contiguous(), moves = offsets.contiguous();
  const Tensor out = at::empty(images.sizes(), images.options().dtype(type));
  const Extent extent = extentOf(pixels);
  Augment a{static_cast<const unsigned char*>(address(pixels)), moves.data_ptr<int>(), out.data_ptr(), extent.images,
            static_cast<int>(images.size(1)), static_cast<int>(images.size(2)), static_cast<int>(channels), {}, {}};
  std::copy(mean.begin(), mean.end(), a.mean);
  std::copy(deviation.begin(), deviation.end(), a.deviation);
  launch(named("augment", out, 1), gridOf(extent, 16), a);
  return out;
}

inline Tensor topMask(const Tensor& scores, int64_t count) {
  checkScores(scores, count);
  const Tensor flat = scores.contiguous(), mask = at::zeros(scores.sizes(), scores.options());
  if (count == 0) return mask;
  const TopMask a{data(flat), mask.data_ptr<float>(), counted(flat.numel(), "units"), static_cast<int>(count)};
  launch("top_mask", {1}, a, kChoosingThreads);
  return mask;
}

}  // namespace training_ops::cuda
