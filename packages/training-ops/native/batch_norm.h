// Batch norm of NHWC by the batch's statistics, alone or with the sum and the masked ReLU that follow it.
#pragma once
#include "checks.h"

#include <cmath>
#include <tuple>
#include <vector>

namespace training_ops {

/** The batch is summed in at most so many parts, whatever the number of threads: the order of a sum is fixed. */
constexpr int64_t kParts = 64;
constexpr int64_t kSmallestPart = 64;  // rows

struct Parts {
  int64_t rows, count;
  explicit Parts(int64_t total)
      : rows(std::max(kSmallestPart, (total + kParts - 1) / kParts)), count((total + rows - 1) / rows) {}
  template <class F>
  void each(int64_t total, F f) const {
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; part++) f(part, part * rows, std::min(rows, total - part * rows));
    });
  }
};

inline int64_t rowsOf(const Tensor& x) {
  TORCH_CHECK(x.dim() == 4, "batch norm needs [n, h, w, c], not ", x.sizes());
  TORCH_CHECK(x.numel() > 0, "batch norm of no values: ", x.sizes());
  return x.numel() / x.size(3);
}

inline Map mapOf(const Tensor& x, const Tensor& mask) {
  return {0, x.size(3), 0, data(mask), mask.defined() ? x.size(1) * x.size(2) : 0};
}

/** Mean and biased variance by channel: the parts in their order, merged in double. */
template <class T>
void statistics(const Tensor& x, const MapLoops<T>& loop, float* mean, float* variance) {
  const int64_t rows = rowsOf(x), channels = x.size(3);
  const Parts parts(rows);
  std::vector<float> means(parts.count * channels), squares(parts.count * channels);
  parts.each(rows, [&](int64_t part, int64_t first, int64_t count) {
    std::vector<float> scratch(4 * channels);
    loop.moments(stored<T>(x) + first * channels, count, channels, &means[part * channels], &squares[part * channels],
                 scratch.data());
  });
  for (int64_t c = 0; c < channels; c++) {
    double m = 0, s = 0;
    for (int64_t part = 0; part < parts.count; part++) {
      const double count = std::min(parts.rows, rows - part * parts.rows), before = part * parts.rows;
      const double gap = means[part * channels + c] - m;
      m += gap * count / (before + count);
      s += squares[part * channels + c] + gap * gap * before * count / (before + count);
    }
    mean[c] = static_cast<float>(m);
    variance[c] = static_cast<float>(s / rows);
  }
}

/** gamma / sqrt(variance + eps) */
inline std::vector<float> scales(const Tensor& gamma, const Tensor& variance, double eps) {
  std::vector<float> scale(gamma.numel());
  for (size_t c = 0; c < scale.size(); c++)
    scale[c] = static_cast<float>(data(gamma)[c] / std::sqrt(static_cast<double>(data(variance)[c]) + eps));
  return scale;
}

template <class T>
void normalizeRows(const NormLoops<T>& loop, Map map, const Tensor& x, const Tensor& residual, const Channels& by,
                   const Tensor& y) {
  const int64_t rows = rowsOf(x), channels = map.channels;
  at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / channels), [&](int64_t begin, int64_t end) {
    Map part = map;
    part.firstRow = begin;
    part.rows = end - begin;
    const int64_t at = begin * channels;
    const T* other = residual.defined() ? stored<T>(residual) + at : nullptr;
    (other ? loop.normalizeAdd : loop.normalize)(part, stored<T>(x) + at, other, by, stored<T>(y) + at);
  });
}

using Normalized = std::tuple<Tensor, Tensor, Tensor>;  // y, batch mean, biased batch variance

template <class Choose>
Normalized trainForward(const Tensor& input, const Tensor& gamma, const Tensor& beta, const MaybeTensor& added,
                        const MaybeTensor& masked, double eps, Choose choose) {
  const Tensor x = activations(input, "x");
  const Tensor scale = vectorOf(gamma, x.size(-1), "gamma"), shift = vectorOf(beta, x.size(-1), "beta");
  const Tensor residual = given(added) ? alike(*added, x, "the residual") : Tensor();
  const Tensor mask = maskOf(masked, x);
  rowsOf(x);
  Tensor y = at::empty_like(x), mean = at::empty_like(scale), variance = at::empty_like(scale);
  withLoops(x, [&](const auto& loop, auto type) {
    statistics<decltype(type)>(x, loop, mean.data_ptr<float>(), variance.data_ptr<float>());
    const auto factors = scales(scale, variance, eps);
    normalizeRows<decltype(type)>(choose(loop, mask), mapOf(x, mask), x, residual,
                                  {data(mean), factors.data(), data(shift)}, y);
  });
  return {y, mean, variance};
}

inline constexpr auto plain = [](const auto& loop, const Tensor&) -> const auto& { return loop.plain; };
inline constexpr auto rectified = [](const auto& loop, const Tensor& mask) -> const auto& {
  return mask.defined() ? loop.masked : loop.rectified;
};

inline Normalized batchNorm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  return trainForward(x, gamma, beta, MaybeTensor(), MaybeTensor(), eps, plain);
}
inline Normalized batchNormRelu(const Tensor& x, const Tensor& gamma, const Tensor& beta, const MaybeTensor& mask,
                                double eps) {
  return trainForward(x, gamma, beta, MaybeTensor(), mask, eps, rectified);
}
inline Normalized batchNormAddRelu(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& residual,
                                   const MaybeTensor& mask, double eps) {
  return trainForward(x, gamma, beta, residual, mask, eps, rectified);
}

/** Gradients of x, gamma and beta: two reads of dy and x, one write. */
template <class Choose>
Normalized trainBackward(const Tensor& output, const Tensor& input, const Tensor& gamma, const Tensor& beta,
                         const Tensor& batchMean, const Tensor& batchVariance, const MaybeTensor& masked, double eps,
                         Choose choose) {
  const Tensor x = activations(input, "x"), dy = alike(output, x, "dy");
  const int64_t rows = rowsOf(x), channels = x.size(3);
  const Tensor weight = vectorOf(gamma, channels, "gamma"), shift = vectorOf(beta, channels, "beta");
  const Tensor mean = vectorOf(batchMean, channels, "the mean");
  const Tensor variance = vectorOf(batchVariance, channels, "the variance"), mask = maskOf(masked, x);
  Tensor dx = at::empty_like(x), dGamma = at::empty_like(weight), dBeta = at::empty_like(weight);
  withLoops(x, [&](const auto& loop, auto type) {
    using T = decltype(type);
    const auto& norm = choose(loop, mask);
    const auto scale = scales(weight, variance, eps);
    const Channels by{data(mean), scale.data(), data(shift)};
    const Map map = mapOf(x, mask);
    const auto partOf = [&](int64_t first, int64_t count) { return Map{count, channels, first, map.mask, map.positions}; };

    const Parts parts(rows);
    std::vector<float> shifts(parts.count * channels), products(parts.count * channels), a(channels), b(channels);
    parts.each(rows, [&](int64_t part, int64_t first, int64_t count) {
      const int64_t at = first * channels;
      std::vector<float> scratch(2 * channels);
      norm.sums(partOf(first, count), stored<T>(dy) + at, stored<T>(x) + at, by, &shifts[part * channels],
                &products[part * channels], scratch.data());
    });
    for (int64_t c = 0; c < channels; c++) {
      double s = 0, p = 0;
      for (int64_t part = 0; part < parts.count; part++) {
        s += shifts[part * channels + c];
        p += products[part * channels + c];
      }
      const double inverse = 1 / std::sqrt(static_cast<double>(data(variance)[c]) + eps);
      dBeta.data_ptr<float>()[c] = static_cast<float>(s);
      dGamma.data_ptr<float>()[c] = static_cast<float>(p * inverse);
      a[c] = static_cast<float>(s / rows);
      b[c] = static_cast<float>(p * inverse * inverse / rows);
    }
    at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / channels), [&](int64_t begin, int64_t end) {
      const int64_t at = begin * channels;
      norm.gradient(partOf(begin, end - begin), stored<T>(dy) + at, stored<T>(x) + at, by, a.data(), b.data(),
                    stored<T>(dx) + at);
    });
  });
  return {dx, dGamma, dBeta};
}

inline Normalized batchNormBackward(const Tensor& dy, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                    const Tensor& mean, const Tensor& variance, double eps) {
  return trainBackward(dy, x, gamma, beta, mean, variance, MaybeTensor(), eps, plain);
}
inline Normalized batchNormReluBackward(const Tensor& dy, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                        const Tensor& mean, const Tensor& variance, const MaybeTensor& mask,
                                        double eps) {
  return trainBackward(dy, x, gamma, beta, mean, variance, mask, eps, rectified);
}

/** y = rectify(x · scale + shift [+ residual]): batch norm with known statistics, before a masked ReLU. */
inline Tensor affineRelu(const Tensor& input, const Tensor& scale, const Tensor& shift, const MaybeTensor& added,
                         const MaybeTensor& masked) {
  const Tensor x = activations(input, "x");
  const int64_t channels = x.numel() ? x.size(-1) : (rowsOf(x), 0);
  const Tensor factors = vectorOf(scale, channels, "scale"), shifts = vectorOf(shift, channels, "shift");
  const Tensor residual = given(added) ? alike(*added, x, "the residual") : Tensor();
  const Tensor mask = maskOf(masked, x), center = at::zeros({channels}, factors.options());
  Tensor y = at::empty_like(x);
  withLoops(x, [&](const auto& loop, auto type) {
    normalizeRows<decltype(type)>(rectified(loop, mask), mapOf(x, mask), x, residual,
                                  {data(center), data(factors), data(shifts)}, y);
  });
  return y;
}

}  // namespace training_ops
