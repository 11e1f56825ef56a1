// What changes variables in place, over all of them in one launch and under a guard that is read on the device.
namespace training_ops::cuda::kernels {

/** The entry that this block works on: entries are in the order of their first blocks. */
template <class Entry>
__device__ inline int entryOfBlock(const Table<Entry>& table) {
  int low = 0, high = table.count - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (table.entries[middle].firstBlock <= static_cast<int>(blockIdx.x)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Calls f(i) for this thread's elements of the block's chunk of a tensor. */
template <class F>
__device__ inline void eachOfChunk(int size, int firstBlock, F f) {
  const int first = (blockIdx.x - firstBlock) * kChunk, end = min(size - first, kChunk);
  for (int i = threadIdx.x; i < end; i += kThreads) f(first + i);
}

/** A guard of 0 keeps everything as it is; none, or any other number, lets it happen. */
__device__ inline bool isOpen(const float* guard) { return !guard || *guard != 0; }

KERNEL(sgd, Sgd, kThreads) {
  if (!isOpen(a.guard)) return;
  const SgdEntry& entry = a.table.entries[entryOfBlock(a.table)];
  const float rate = *a.rate;
  eachOfChunk(entry.size, entry.firstBlock, [&](int i) {
    const float weight = entry.p[i];
    const float velocity = entry.v[i] * a.momentum + (entry.g[i] + weight * a.decay);
    const float moved = weight - velocity * rate;
    entry.v[i] = velocity;
    entry.p[i] = entry.pattern ? moved * entry.pattern[i] : moved;
  });
}

KERNEL(blend, Blend, kThreads) {
  if (!isOpen(a.guard)) return;
  const BlendEntry& entry = a.table.entries[entryOfBlock(a.table)];
  eachOfChunk(entry.size, entry.firstBlock, [&](int i) {
    entry.running[i] = entry.running[i] * entry.keep + entry.batch[i] * entry.share;
  });
}

/** x · 0 is 0, or NaN where x is infinite or NaN. Whichever threads find one, they all write the same. */
KERNEL(all_finite, AllFinite, kThreads) {
  const FiniteEntry& entry = a.table.entries[entryOfBlock(a.table)];
  float sum = 0;
  eachOfChunk(entry.size, entry.firstBlock, [&](int i) { sum += entry.values[i] * 0; });
  if (sum != 0) *a.finite = 0;
}

}  // namespace training_ops::cuda::kernels
