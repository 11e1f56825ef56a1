// Masked ReLU and the sums over a batch that a mask search gathers, on CUDA.
#pragma once
#include "launch.h"

namespace training_ops::cuda {

/** y = rectify(a [+ b]), b undefined or like a. */
inline Tensor rectified(const Tensor& a, const Tensor& b, const MaybeTensor& masked) {
  const Tensor mask = maskOf(masked, a), y = at::empty_like(a);
  const Rectify arguments{address(a), address(b), y.data_ptr(), {true, data(mask)}, extentOf(a)};
  const int width = widthOf(a, arguments.extent.units, {arguments.a, arguments.b, arguments.y, data(mask)});
  launch(named("rectify", a, width), gridOf(arguments.extent, width), arguments);
  return y;
}

inline Tensor maskedRelu(const Tensor& input, const MaybeTensor& mask) {
  return rectified(activations(input, "x"), Tensor(), mask);
}

inline Tensor addMaskedRelu(const Tensor& first, const Tensor& second, const MaybeTensor& mask) {
  const bool mixed = first.scalar_type() == at::kBFloat16 && second.scalar_type() == at::kFloat;
  const Tensor a = activations(mixed ? first.to(at::kFloat) : first, "a");  // the sum of both kinds is float32
  return rectified(a, alike(second, a, "b"), mask);
}

/** dy where the output shows that the ReLU was open, and everywhere that there is none. */
inline Tensor maskedReluBackward(const Tensor& gradient, const Tensor& output, const MaybeTensor& masked) {
  const Tensor y = activations(output, "y"), dy = alike(gradient, y, "dy"), mask = maskOf(masked, y);
  const Tensor dx = at::empty_like(y);
  const RectifyGradient arguments{address(dy), address(y), dx.data_ptr(), {true, data(mask)}, extentOf(y)};
  const int width = widthOf(y, arguments.extent.units, {arguments.dy, arguments.y, arguments.dx, data(mask)});
  launch(named("rectify_gradient", y, width), gridOf(arguments.extent, width), arguments);
  return dx;
}

/** Σ over the batch of |a − b|, or of max(−a, 0) where b is undefined. */
inline Tensor imageSums(const Tensor& a, const Tensor& b) {
  TORCH_CHECK(a.dim() >= 1, "a sum over the batch needs [batch, ...], not a scalar");
  const Tensor sums = at::zeros(a.sizes().slice(1), a.options().dtype(at::kFloat));
  const ImageSums arguments{address(a), address(b), sums.data_ptr<float>(), extentOf(a)};
  const int width = widthOf(a, arguments.extent.units, {arguments.a, arguments.b});
  launch(named("image_sums", a, width), {divided(arguments.extent.units, kWarp * width)}, arguments);
  return sums;
}

inline Tensor absDiffSum(const Tensor& first, const Tensor& second) {
  const Tensor a = activations(first, "a");
  return imageSums(a, alike(second, a, "b"));
}

inline Tensor negPartSum(const Tensor& z) { return imageSums(activations(z, "z"), Tensor()); }

}  // namespace training_ops::cuda
