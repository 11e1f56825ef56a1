// Losses and the mismatch of activations, on CUDA. `divergence` is ATen's operators alone, and so the CPU's.
#pragma once
#include "../losses.h"
#include "launch.h"
#include "norm.h"

namespace training_ops::cuda {

/** Σ values / divisor, as a scalar. */
inline Tensor meanOf(const Tensor& values, double divisor) {
  const Tensor mean = vectorLike(values, {});
  launch("mean_of", {1}, MeanOf{data(values), mean.data_ptr<float>(), counted(values.numel(), "losses"), divisor});
  return mean;
}

/** Mean of −log softmax(z)[label], and its gradient by z. A label that is none of the classes makes the loss NaN. */
inline Loss crossEntropy(const Tensor& z, const Tensor& labels) {
  const Tensor values = logits(z, "logits"), label = labels.contiguous();
  const int64_t batch = values.size(0);
  checkLabels(labels, batch);
  const Tensor gradient = at::empty_like(values), losses = vectorLike(values, {batch});
  launch("cross_entropy", warpFor(batch),
         CrossEntropy{data(values), label.data_ptr<int>(), gradient.data_ptr<float>(), losses.data_ptr<float>(),
                      counted(batch, "images"), counted(values.size(1), "classes")});
  return {meanOf(losses, batch), gradient};
}

inline Loss attentionMismatch(const Tensor& studentMap, const Tensor& teacherMap) {
  const Tensor s = activations(studentMap, "the student's map"), t = alike(teacherMap, s, "the teacher's map");
  const auto [batch, positions, channels] = mapShape(s);
  const Tensor maps = vectorLike(s, {2, batch, positions}), factors = vectorLike(s, {batch, positions});
  const Tensor losses = vectorLike(s, {batch});
  const int width = widthOf(s, channels, {address(s), address(t)}), rows = counted(batch * positions, "positions");
  launch(named("energies", s, width), {divided(rows, kThreads / kWarp), 2},
         Energies{address(s), address(t), maps.data_ptr<float>(), rows, counted(channels, "channels")});
  launch("attention_mismatch", {batch},
         AttentionMismatch{data(maps), factors.data_ptr<float>(), losses.data_ptr<float>(), static_cast<int>(batch),
                           static_cast<int>(positions), static_cast<int>(channels)});
  return {meanOf(losses, static_cast<double>(batch) * positions), factors};
}

inline Tensor attentionMismatchBackward(const Tensor& gradient, const Tensor& studentMap, const Tensor& factors) {
  const Tensor s = activations(studentMap, "the student's map");
  const auto [batch, positions, channels] = mapShape(s);
  const Tensor rows = vectorOf(factors.reshape({-1}), batch * positions, "the factors");
  checkLossGradient(gradient);
  const Tensor dy = scalarOn(s, gradient), dx = at::empty_like(s);
  const AttentionGradient arguments{address(s), data(rows), data(dy), dx.data_ptr(), extentOf(s)};
  const int width = widthOf(s, channels, {arguments.student, arguments.dx});
  launch(named("attention_gradient", s, width), gridOf(arguments.extent, width), arguments);
  return dx;
}

inline Loss rawMismatch(const Tensor& studentMap, const Tensor& teacherMap) {
  const Tensor s = activations(studentMap, "the student's map"), t = alike(teacherMap, s, "the teacher's map");
  checkMap(s);
  const Extent extent = extentOf(s);
  const Tensor factors = vectorLike(s, {extent.images, 2}), losses = vectorLike(s, {extent.images});
  const int width = widthOf(s, extent.units, {address(s), address(t)});
  launch(named("raw_mismatch", s, width), {extent.images},
         RawMismatch{address(s), address(t), factors.data_ptr<float>(), losses.data_ptr<float>(), extent.images,
                     extent.units});
  return {meanOf(losses, extent.images), factors};
}

inline Tensor rawMismatchBackward(const Tensor& gradient, const Tensor& studentMap, const Tensor& teacherMap,
                                  const Tensor& factors) {
  const Tensor s = activations(studentMap, "the student's map"), t = alike(teacherMap, s, "the teacher's map");
  checkMap(s);
  checkLossGradient(gradient);
  const Extent extent = extentOf(s);
  const Tensor pairs = vectorOf(factors.reshape({-1}), 2 * s.size(0), "the factors");
  const Tensor dy = scalarOn(s, gradient), dx = at::empty_like(s);
  const RawGradient arguments{address(s), address(t), data(pairs), data(dy), dx.data_ptr(), extent};
  const int width = widthOf(s, extent.units, {arguments.student, arguments.teacher, arguments.dx});
  launch(named("raw_gradient", s, width), gridOf(extent, width), arguments);
  return dx;
}

}  // namespace training_ops::cuda
