// Masked ReLU and the sums over a batch that a mask search gathers.
#pragma once
#include "checks.h"

namespace training_ops {

/** Calls f(offset, offset in the mask, count) over x's units, never across two images. */
template <class F>
void eachRun(const Tensor& x, const Tensor& mask, F f) {
  const int64_t period = mask.defined() ? std::max<int64_t>(1, mask.numel()) : std::max<int64_t>(1, x.numel());
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t within = begin % period, count = std::min(end - begin, period - within);
      f(begin, within, count);
      begin += count;
    }
  });
}

inline const float* from(const Tensor& mask, int64_t offset) { return mask.defined() ? data(mask) + offset : nullptr; }

inline Tensor maskedRelu(const Tensor& input, const MaybeTensor& masked) {
  const Tensor x = activations(input, "x"), mask = maskOf(masked, x);
  Tensor y = at::empty_like(x);
  withLoops(x, [&](const auto& loop, auto type) {
    using T = decltype(type);
    eachRun(x, mask, [&](int64_t i, int64_t within, int64_t count) {
      loop.maskedRelu(stored<T>(x) + i, from(mask, within), count, stored<T>(y) + i);
    });
  });
  return y;
}

inline Tensor addMaskedRelu(const Tensor& first, const Tensor& second, const MaybeTensor& masked) {
  const bool mixed = first.scalar_type() == at::kBFloat16 && second.scalar_type() == at::kFloat;
  const Tensor a = activations(mixed ? first.to(at::kFloat) : first, "a");  // the sum of both kinds is float32
  const Tensor b = alike(second, a, "b"), mask = maskOf(masked, a);
  Tensor y = at::empty_like(a);
  withLoops(a, [&](const auto& loop, auto type) {
    using T = decltype(type);
    eachRun(a, mask, [&](int64_t i, int64_t within, int64_t count) {
      loop.addMaskedRelu(stored<T>(a) + i, stored<T>(b) + i, from(mask, within), count, stored<T>(y) + i);
    });
  });
  return y;
}

/** dy where the output shows that the ReLU was open, and everywhere that there is none. */
inline Tensor maskedReluBackward(const Tensor& gradient, const Tensor& output, const MaybeTensor& masked) {
  const Tensor y = activations(output, "y"), dy = alike(gradient, y, "dy"), mask = maskOf(masked, y);
  Tensor dx = at::empty_like(y);
  withLoops(y, [&](const auto& loop, auto type) {
    using T = decltype(type);
    eachRun(y, mask, [&](int64_t i, int64_t within, int64_t count) {
      loop.maskedReluGradient(stored<T>(dy) + i, stored<T>(y) + i, from(mask, within), count, stored<T>(dx) + i);
    });
  });
  return dx;
}

/** Units summed together: their sums stay in the cache, and memory is read in runs of 32 kB. */
constexpr int64_t kTile = 8192;

template <class F>
Tensor sumOverImages(const Tensor& x, F tile) {
  TORCH_CHECK(x.dim() >= 1, "a sum over the batch needs [batch, ...], not a scalar");
  const int64_t batch = x.size(0);
  Tensor sums = at::zeros(x.sizes().slice(1), at::TensorOptions(at::kFloat));
  const int64_t units = sums.numel();
  if (batch == 0) return sums;
  at::parallel_for(0, (units + kTile - 1) / kTile, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++)
      tile(batch, units, t * kTile, std::min(kTile, units - t * kTile), sums.data_ptr<float>() + t * kTile);
  });
  return sums;
}

inline Tensor absDiffSum(const Tensor& first, const Tensor& second) {
  const Tensor a = activations(first, "a"), b = alike(second, a, "b");
  Tensor sums;
  withLoops(a, [&](const auto& loop, auto type) {
    using T = decltype(type);
    sums = sumOverImages(a, [&](int64_t batch, int64_t units, int64_t i, int64_t count, float* into) {
      loop.absDiffSum(stored<T>(a) + i, stored<T>(b) + i, batch, units, count, into);
    });
  });
  return sums;
}

inline Tensor negPartSum(const Tensor& input) {
  const Tensor z = activations(input, "z");
  Tensor sums;
  withLoops(z, [&](const auto& loop, auto type) {
    using T = decltype(type);
    sums = sumOverImages(z, [&](int64_t batch, int64_t units, int64_t i, int64_t count, float* into) {
      loop.negPartSum(stored<T>(z) + i, batch, units, count, into);
    });
  });
  return sums;
}

}  // namespace training_ops
