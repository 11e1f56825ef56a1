// What changes variables in place, on CUDA: one launch over all of them. Rate and guard are read there, so that nothing
// waits for the device and a CUDA graph may hold all of it.
#pragma once
#include "../update.h"
#include "launch.h"

#include <vector>

namespace training_ops::cuda {

/** Launches a kernel over tensors in as many tables as they need: one for up to kMaxEntries. `Arguments` have a table. */
template <class Arguments, class Entry>
void launchOver(const char* kernel, Arguments& arguments, const std::vector<Entry>& entries) {
  for (size_t first = 0; first < entries.size(); first += kMaxEntries) {
    auto& table = arguments.table;
    table.count = static_cast<int>(std::min<size_t>(kMaxEntries, entries.size() - first));
    int64_t blocks = 0;
    for (int i = 0; i < table.count; i++) {
      table.entries[i] = entries[first + i];
      table.entries[i].firstBlock = counted(blocks, "blocks");
      blocks += divided(table.entries[i].size, kChunk);
    }
    launch(kernel, {blocks}, arguments);
  }
}

/** A tensor that is to live until the kernels that read it are on the stream; its values for a kernel. */
struct Kept {
  std::vector<Tensor> tensors;
  const float* operator()(Tensor t) { return data(tensors.emplace_back(std::move(t))); }
};

inline const float* guardIn(Kept& kept, const MaybeTensor& guard) {
  checkGuard(guard);
  return given(guard) ? kept(guard->to(at::kFloat)) : nullptr;
}

inline void sgd(Tensors params, Tensors grads, Tensors momenta, Tensors patterns, at::IntArrayRef patternOf,
                const Tensor& rate, double momentum, double decay, const MaybeTensor& guard) {
  checkSgd(params, grads, momenta, patterns, patternOf, rate);
  Kept kept;
  Sgd arguments;
  arguments.guard = guardIn(kept, guard);
  if (params.size() == 0) return;
  arguments.rate = kept(scalarOn(params[0], rate));
  arguments.momentum = static_cast<float>(momentum), arguments.decay = static_cast<float>(decay);
  std::vector<SgdEntry> entries;
  for (size_t k = 0; k < params.size(); k++) {
    const Tensor& p = params[k];
    followLayout(p, momenta[k]);
    const int size = counted(p.numel(), "a parameter");
    if (size == 0) continue;
    const float* pattern = patternOf[k] < 0 ? nullptr : kept(inLayoutOf(p, patterns[patternOf[k]].to(at::kFloat)));
    entries.push_back({p.data_ptr<float>(), kept(inLayoutOf(p, grads[k].to(at::kFloat))), momenta[k].data_ptr<float>(),
                       pattern, size, 0});
  }
  launchOver("sgd", arguments, entries);
}

/** 1 when every element of every tensor is finite, else 0. */
inline Tensor allFinite(Tensors tensors) {
  TORCH_CHECK(tensors.size() > 0, "all_finite of no tensor");
  const Tensor finite = vectorLike(tensors[0], {}).fill_(1);
  Kept kept;
  AllFinite arguments;
  arguments.finite = finite.data_ptr<float>();
  std::vector<FiniteEntry> entries;
  for (const Tensor& t : tensors) {
    const int size = counted(t.numel(), "a tensor");
    if (!t.is_floating_point() || size == 0) continue;
    entries.push_back({kept((walkable(t) ? t : t.contiguous()).to(at::kFloat)), size, 0});
  }
  launchOver("all_finite", arguments, entries);
  return finite;
}

inline void launchBlend(Kept& kept, const MaybeTensor& guard, const std::vector<BlendEntry>& entries) {
  Blend arguments;
  arguments.guard = guardIn(kept, guard);
  launchOver("blend", arguments, entries);
}

inline void addBlend(Kept& kept, std::vector<BlendEntry>& entries, const Tensor& running, const Tensor& batch,
                     double keep, double share) {
  const int size = counted(running.numel(), "a variable");
  if (size == 0) return;
  entries.push_back({running.data_ptr<float>(), kept(batch.contiguous()), static_cast<float>(keep),
                     static_cast<float>(share), size, 0});
}

inline void commitStatistics(Tensors runningMeans, Tensors runningVariances, Tensors means, Tensors variances,
                             at::IntArrayRef counts, double decay, const MaybeTensor& guard) {
  checkStatistics(runningMeans, runningVariances, means, variances, counts);
  Kept kept;
  std::vector<BlendEntry> entries;
  for (size_t k = 0; k < counts.size(); k++) {
    addBlend(kept, entries, runningMeans[k], means[k], decay, 1 - decay);
    addBlend(kept, entries, runningVariances[k], variances[k], decay, unbiasedShare(1 - decay, counts[k]));
  }
  launchBlend(kept, guard, entries);
}

inline void commitSums(Tensors sums, Tensors pending, const MaybeTensor& guard) {
  checkSums(sums, pending);
  Kept kept;
  std::vector<BlendEntry> entries;
  for (size_t k = 0; k < sums.size(); k++) addBlend(kept, entries, sums[k], pending[k], 1, 1);
  launchBlend(kept, guard, entries);
}

}  // namespace training_ops::cuda
