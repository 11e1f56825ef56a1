// What every operator asks of its arguments before it touches memory, and how it divides its work.
#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "loops/table.h"

namespace training_ops {

using at::Tensor;
/** Optional as this libtorch has it: of its own (1.13) or std's. */
using MaybeTensor = decltype(std::declval<c10::IValue>().toOptional<Tensor>());

inline bool given(const MaybeTensor& t) { return t.has_value() && t->defined(); }

/** Activations are stored as float32 or bfloat16. NHWC in memory; copied only if they are not. */
inline Tensor activations(const Tensor& t, const char* name) {
  TORCH_CHECK(t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16, name,
              " must be float32 or bfloat16, not ", t.scalar_type(), " ", t.sizes());
  return t.contiguous();
}

/** `t` stored as `x` is, of the same shape. */
inline Tensor alike(const Tensor& t, const Tensor& x, const char* name) {
  TORCH_CHECK(t.sizes() == x.sizes(), name, " of shape ", t.sizes(), " must have the shape ", x.sizes());
  TORCH_CHECK(t.is_floating_point(), name, " must be of floating point, not ", t.scalar_type());
  return t.to(x.scalar_type()).contiguous();
}

inline Tensor vectorOf(const Tensor& t, int64_t size, const char* name) {
  TORCH_CHECK(t.dim() == 1 && t.size(0) == size && t.scalar_type() == at::kFloat, name, " must be float32 of shape [",
              size, "], not ", t.scalar_type(), " ", t.sizes());
  return t.contiguous();
}

/** A mask of the last dimensions of x as float32, or an undefined tensor: [...s] or [1, ...s]. */
inline Tensor maskOf(const MaybeTensor& mask, const Tensor& x) {
  if (!given(mask)) return Tensor();
  const auto shape = mask->sizes();
  const auto unit = x.sizes().slice(x.dim() ? 1 : 0);
  const bool fits = shape == unit || (shape.size() == unit.size() + 1 && shape[0] == 1 && shape.slice(1) == unit);
  TORCH_CHECK(fits, "a mask of shape ", shape, " does not fit the units of ", x.sizes());
  TORCH_CHECK(mask->scalar_type() == at::kFloat || mask->scalar_type() == at::kBool,
              "a mask must be float32 or bool, not ", mask->scalar_type());
  return mask->to(at::kFloat).contiguous();
}

inline const float* data(const Tensor& t) { return t.defined() ? t.data_ptr<float>() : nullptr; }

template <class T>
T* stored(const Tensor& t) { return static_cast<T*>(t.data_ptr()); }

/** Calls f with the loops for x's type. */
template <class F>
void withLoops(const Tensor& x, F f) {
  if (x.scalar_type() == at::kFloat) f(loops().float32, float());
  else f(loops().half, bfloat16());
}

inline void checkGuard(const MaybeTensor& guard) {
  if (given(guard)) TORCH_CHECK(guard->numel() == 1, "a guard must be a scalar, not of shape ", guard->sizes());
}

/** A guard of 0 keeps everything as it is; none, or any other number, lets it happen. */
inline bool isOpen(const MaybeTensor& guard) {
  checkGuard(guard);
  return !given(guard) || guard->item().toDouble() != 0;
}

/** Elements below which a second thread costs more than it gains; also the unit in which flat work is divided. */
constexpr int64_t kGrain = 16384;

inline void checkSameLength(size_t a, size_t b, const char* what) { TORCH_CHECK(a == b, what, ": ", a, " and ", b); }

}  // namespace training_ops
