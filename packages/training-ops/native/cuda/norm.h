// Batch norm on CUDA: the sums of parts, the parts together, then one pass over the activations.
#pragma once
#include "../batch_norm.h"
#include "launch.h"

namespace training_ops::cuda {

/** Divides rows among blocks by their number alone: the order of a sum is the same on every GPU. */
inline Division divisionOf(const Tensor& x, int width) {
  constexpr int64_t kColumns = 32, kBlocks = 512, kRowsOfThread = 16;
  const int64_t rows = rowsOf(x), channels = x.size(3), packets = divided(channels, width);
  int64_t columns = 1;
  while (columns < packets && columns < kColumns) columns *= 2;
  const int64_t tiles = divided(packets, columns), atMost = std::max<int64_t>(1, kBlocks / tiles);
  const int64_t rowsOfPart = std::max(kRowsOfThread * kThreads / columns, divided(rows, atMost));
  return {counted(rows, "rows of batch norm"), counted(channels, "channels"), static_cast<int>(columns),
          counted(rowsOfPart, "rows"), static_cast<int>(divided(rows, rowsOfPart))};
}

inline Grid gridOf(const Division& by, int width) { return {divided(divided(by.channels, width), by.columns), by.parts}; }
inline Grid warpFor(int64_t count) { return {divided(count, kThreads / kWarp)}; }

inline void normalize(const Tensor& x, const Tensor& residual, const Normalize& given) {
  Normalize a = given;
  a.x = address(x), a.residual = address(residual), a.extent = extentOf(x);
  const int width = widthOf(x, x.size(-1), {a.x, a.residual, a.y, a.mean, a.scale, a.shift, a.rectification.mask});
  launch(named("normalize", x, width), gridOf(a.extent, width), a);
}

inline Normalized trainForward(const Tensor& input, const Tensor& gamma, const Tensor& beta, const MaybeTensor& added,
                               const MaybeTensor& masked, double eps, bool rectifies) {
  const Tensor x = activations(input, "x");
  const Tensor weight = vectorOf(gamma, x.size(-1), "gamma"), shift = vectorOf(beta, x.size(-1), "beta");
  const Tensor residual = given(added) ? alike(*added, x, "the residual") : Tensor();
  const Tensor mask = maskOf(masked, x);
  rowsOf(x);
  const Tensor y = at::empty_like(x), mean = at::empty_like(weight), variance = at::empty_like(weight);
  const Tensor scale = at::empty_like(weight);

  const int width = widthOf(x, x.size(3), {address(x)});
  const Division division = divisionOf(x, width);
  const Tensor parts = vectorLike(x, {2, division.parts, division.channels});
  float *means = parts.data_ptr<float>(), *squares = means + parts.numel() / 2;
  launch(named("moments", x, width), gridOf(division, width), Moments{address(x), means, squares, division});
  FinishMoments finish{means, squares, data(weight), mean.data_ptr<float>(), variance.data_ptr<float>(),
                       scale.data_ptr<float>(), division, eps};
  launch("finish_moments", warpFor(division.channels), finish);

  Normalize a{};
  a.y = y.data_ptr(), a.mean = data(mean), a.scale = data(scale), a.shift = data(shift);
  a.rectification = {rectifies, data(mask)};
  normalize(x, residual, a);
  return {y, mean, variance};
}

inline Normalized batchNorm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) {
  return trainForward(x, gamma, beta, MaybeTensor(), MaybeTensor(), eps, false);
}
inline Normalized batchNormRelu(const Tensor& x, const Tensor& gamma, const Tensor& beta, const MaybeTensor& mask,
                                double eps) {
  return trainForward(x, gamma, beta, MaybeTensor(), mask, eps, true);
}
inline Normalized batchNormAddRelu(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& residual,
                                   const MaybeTensor& mask, double eps) {
  return trainForward(x, gamma, beta, residual, mask, eps, true);
}

/** Gradients of x, gamma and beta: two reads of dy and x, one write. */
inline Normalized trainBackward(const Tensor& output, const Tensor& input, const Tensor& gamma, const Tensor& beta,
                                const Tensor& batchMean, const Tensor& batchVariance, const MaybeTensor& masked,
                                double eps, bool rectifies) {
  const Tensor x = activations(input, "x"), dy = alike(output, x, "dy");
  rowsOf(x);
  const int64_t channels = x.size(3);
  const Tensor weight = vectorOf(gamma, channels, "gamma"), shift = vectorOf(beta, channels, "beta");
  const Tensor mean = vectorOf(batchMean, channels, "the mean");
  const Tensor variance = vectorOf(batchVariance, channels, "the variance"), mask = maskOf(masked, x);
  const Tensor dx = at::empty_like(x), dGamma = at::empty_like(weight), dBeta = at::empty_like(weight);
  const Tensor a = at::empty_like(weight), b = at::empty_like(weight), scale = at::empty_like(weight);
  const Rectification rectification{rectifies, data(mask)};

  const int width = widthOf(x, channels, {address(dy), address(x), address(dx), data(mean), data(shift), data(scale),
                                          data(a), data(b), data(mask)});
  const Division division = divisionOf(x, width);
  const Tensor parts = vectorLike(x, {2, division.parts, division.channels});
  float *shifts = parts.data_ptr<float>(), *products = shifts + parts.numel() / 2;
  NormSums sums{address(dy), address(x), data(mean),    data(variance), data(weight), data(shift), shifts,
                products,    rectification, division, counted(x.size(1) * x.size(2), "positions"), eps};
  launch(named("norm_sums", x, width), gridOf(division, width), sums);
  FinishSums finish{shifts,
                    products,
                    data(variance),
                    data(weight),
                    dGamma.data_ptr<float>(),
                    dBeta.data_ptr<float>(),
                    a.data_ptr<float>(),
                    b.data_ptr<float>(),
                    scale.data_ptr<float>(),
                    division,
                    eps};
  launch("finish_sums", warpFor(channels), finish);

  const Extent extent = extentOf(x);
  NormGradient gradient{address(dy), address(x),    dx.data_ptr(), data(mean),    data(scale),
                        data(shift), data(a),       data(b),       rectification, extent};
  launch(named("norm_gradient", x, width), gridOf(extent, width), gradient);
  return {dx, dGamma, dBeta};
}

inline Normalized batchNormBackward(const Tensor& dy, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                    const Tensor& mean, const Tensor& variance, double eps) {
  return trainBackward(dy, x, gamma, beta, mean, variance, MaybeTensor(), eps, false);
}
inline Normalized batchNormReluBackward(const Tensor& dy, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                        const Tensor& mean, const Tensor& variance, const MaybeTensor& mask,
                                        double eps) {
  return trainBackward(dy, x, gamma, beta, mean, variance, mask, eps, true);
}

/** y = rectify(x · scale + shift [+ residual]): batch norm with known statistics, before a masked ReLU. */
inline Tensor affineRelu(const Tensor& input, const Tensor& scale, const Tensor& shift, const MaybeTensor& added,
                         const MaybeTensor& masked) {
  const Tensor x = activations(input, "x");
  rowsOf(x);
  const Tensor factors = vectorOf(scale, x.size(-1), "scale"), shifts = vectorOf(shift, x.size(-1), "shift");
  const Tensor residual = given(added) ? alike(*added, x, "the residual") : Tensor();
  const Tensor mask = maskOf(masked, x), y = at::empty_like(x);
  Normalize a{};
  a.y = y.data_ptr(), a.scale = data(factors), a.shift = data(shifts);
  a.rectification = {true, data(mask)};
  normalize(x, residual, a);
  return y;
}

}  // namespace training_ops::cuda
