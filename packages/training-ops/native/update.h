// What changes variables in place, over all of them at once and under a guard: SGD, running statistics, sums.
#pragma once
#include "checks.h"

#include <atomic>
#include <cmath>

namespace training_ops {

/** Lists of tensors come boxed; a Tensor is a handle, so that what is written through it stays. */
using Tensors = at::TensorList;

inline bool walkable(const Tensor& t) { return t.is_non_overlapping_and_dense(); }

inline void checkVariable(const Tensor& t, const char* name) {
  TORCH_CHECK(t.scalar_type() == at::kFloat && walkable(t), name, " must be float32 and dense, not ", t.scalar_type(),
              " ", t.sizes(), " with strides ", t.strides());
}

/** `t` with its elements in the order in which p's lie in memory. */
inline Tensor inLayoutOf(const Tensor& p, const Tensor& t) {
  if (t.strides() == p.strides()) return t;
  return at::empty_strided(p.sizes(), p.strides(), t.options()).copy_(t);
}

/** Lays out a variable anew where it is, once: a convolution lays out its filters, and their momenta follow. */
inline void followLayout(const Tensor& p, Tensor t) {
  if (t.strides() != p.strides()) t.set_(inLayoutOf(p, t));
}

inline void checkSgd(Tensors params, Tensors grads, Tensors momenta, Tensors patterns, at::IntArrayRef patternOf,
                     const Tensor& rate) {
  checkSameLength(params.size(), grads.size(), "sgd: as many gradients as parameters");
  checkSameLength(params.size(), momenta.size(), "sgd: as many momenta as parameters");
  checkSameLength(params.size(), patternOf.size(), "sgd: a pattern or none for each parameter");
  TORCH_CHECK(rate.numel() == 1, "sgd: the rate must be a scalar, not of shape ", rate.sizes());
  for (size_t k = 0; k < params.size(); k++) {
    checkVariable(params[k], "sgd: a parameter");
    checkVariable(momenta[k], "sgd: a momentum");
    const int64_t pattern = patternOf[k];
    TORCH_CHECK(pattern < static_cast<int64_t>(patterns.size()), "sgd: there is no pattern ", pattern);
    TORCH_CHECK(grads[k].sizes() == params[k].sizes() && momenta[k].sizes() == params[k].sizes() &&
                    (pattern < 0 || patterns[pattern].sizes() == params[k].sizes()),
                "sgd: gradient, momentum and pattern must have the parameter's shape ", params[k].sizes(), ", not ",
                grads[k].sizes(), " and ", momenta[k].sizes());
  }
}

/** For each parameter: v ← momentum · v + (g + decay · p), then p ← (p − rate · v) · pattern. */
inline void sgd(Tensors params, Tensors grads, Tensors momenta, Tensors patterns, at::IntArrayRef patternOf,
                const Tensor& rate, double momentum, double decay, const MaybeTensor& guard) {
  checkSgd(params, grads, momenta, patterns, patternOf, rate);
  if (!isOpen(guard)) return;
  const float lr = rate.item().toFloat();
  for (size_t k = 0; k < params.size(); k++) {
    const Tensor& p = params[k];
    const Tensor g = inLayoutOf(p, grads[k].to(at::kFloat));
    followLayout(p, momenta[k]);
    const Tensor pattern = patternOf[k] < 0 ? Tensor() : inLayoutOf(p, patterns[patternOf[k]].to(at::kFloat));
    float *weights = p.data_ptr<float>(), *velocity = momenta[k].data_ptr<float>();
    at::parallel_for(0, p.numel(), kGrain, [&](int64_t begin, int64_t end) {
      loops().sgd(weights + begin, data(g) + begin, velocity + begin,
                  pattern.defined() ? data(pattern) + begin : nullptr, end - begin, lr, momentum, decay);
    });
  }
}

/** 1 when every element of every tensor is finite, else 0. */
inline Tensor allFinite(Tensors tensors) {
  std::atomic<bool> finite{true};
  for (const Tensor& tensor : tensors) {
    if (!tensor.is_floating_point()) continue;
    const Tensor t = (walkable(tensor) ? tensor : tensor.contiguous()).to(at::kFloat);
    at::parallel_for(0, t.numel(), kGrain, [&](int64_t begin, int64_t end) {
      if (!loops().allFinite(data(t) + begin, end - begin)) finite = false;
    });
  }
  return at::empty({}, at::TensorOptions(at::kFloat)).fill_(finite ? 1 : 0);
}

inline void checkStatistics(Tensors runningMeans, Tensors runningVariances, Tensors means, Tensors variances,
                            at::IntArrayRef counts) {
  for (size_t size : {runningVariances.size(), means.size(), variances.size(), counts.size()})
    checkSameLength(runningMeans.size(), size, "commit_statistics: lists of one length");
  for (size_t k = 0; k < counts.size(); k++) {
    TORCH_CHECK(counts[k] > 1, "commit_statistics: no unbiased variance of ", counts[k], " values");
    for (const Tensor& t : {runningMeans[k], runningVariances[k], means[k], variances[k]})
      vectorOf(t, runningMeans[k].numel(), "commit_statistics: a statistic");
    for (const Tensor& t : {runningMeans[k], runningVariances[k]}) checkVariable(t, "commit_statistics: a statistic");
  }
}

/** What a batch's variance is multiplied by where its mean is by `share`: so that it is unbiased. */
inline double unbiasedShare(double share, int64_t count) { return share * count / (count - 1); }

/** running ← decay · running + (1 − decay) · batch, the variance made unbiased by the count of values behind it. */
inline void commitStatistics(Tensors runningMeans, Tensors runningVariances, Tensors means, Tensors variances,
                             at::IntArrayRef counts, double decay, const MaybeTensor& guard) {
  checkStatistics(runningMeans, runningVariances, means, variances, counts);
  if (!isOpen(guard)) return;
  for (size_t k = 0; k < counts.size(); k++) {
    const double share = 1 - decay, unbiased = unbiasedShare(share, counts[k]);
    const int64_t size = runningMeans[k].numel();
    loops().blend(runningMeans[k].data_ptr<float>(), data(means[k].contiguous()), size, decay, share);
    loops().blend(runningVariances[k].data_ptr<float>(), data(variances[k].contiguous()), size, decay, unbiased);
  }
}

inline void checkSums(Tensors sums, Tensors pending) {
  checkSameLength(sums.size(), pending.size(), "commit_sums: as many pending sums as sums");
  for (size_t k = 0; k < sums.size(); k++) {
    checkVariable(sums[k], "commit_sums: a sum");
    TORCH_CHECK(sums[k].is_contiguous() && pending[k].sizes() == sums[k].sizes() && pending[k].scalar_type() == at::kFloat,
                "commit_sums: a pending sum of shape ", pending[k].sizes(), " does not fit ", sums[k].sizes());
  }
}

/** sum ← sum + pending, for each. */
inline void commitSums(Tensors sums, Tensors pending, const MaybeTensor& guard) {
  checkSums(sums, pending);
  if (!isOpen(guard)) return;
  for (size_t k = 0; k < sums.size(); k++)
    loops().blend(sums[k].data_ptr<float>(), data(pending[k].contiguous()), sums[k].numel(), 1, 1);
}

}  // namespace training_ops
