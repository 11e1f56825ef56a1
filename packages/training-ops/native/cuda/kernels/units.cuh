// Images as they come (bytes), and the choice of units.
namespace training_ops::cuda::kernels {

template <class T>
__device__ void augment(const Augment& a) {
  __shared__ float levels[kMaxImageChannels * 256];
  for (int i = threadIdx.x; i < a.channels * 256; i += kThreads)
    levels[i] = static_cast<float>(((i & 255) / 255.0 - a.mean[i >> 8]) / a.deviation[i >> 8]);
  __syncthreads();
  const int size = a.height * a.width * a.channels;
  for (int image = blockIdx.y; image < a.count; image += gridDim.y) {
    const int dy = a.offsets[3 * image], dx = a.offsets[3 * image + 1];
    const bool flipped = a.offsets[3 * image + 2] != 0;
    const long long first = static_cast<long long>(image) * size;
    for (int i = blockIdx.x * kThreads + threadIdx.x; i < size; i += gridDim.x * kThreads) {
      const int channel = i % a.channels, pixel = i / a.channels, column = pixel % a.width;
      const long long y = static_cast<long long>(pixel / a.width) + dy;
      const long long x = static_cast<long long>(flipped ? a.width - 1 - column : column) + dx;
      const bool inside = y >= 0 && y < a.height && x >= 0 && x < a.width;
      const int byte = inside ? a.images[first + (y * a.width + x) * a.channels + channel] : 0;
      const float level[1] = {levels[channel * 256 + byte]};
      store(static_cast<T*>(a.out) + first + i, level);
    }
  }
}
KERNEL(augment_float, Augment, kThreads) { augment<float>(a); }
KERNEL(augment_bf16, Augment, kThreads) { augment<bf16>(a); }

/** Bits that are in the order of the scores; both zeros are equal. */
__device__ inline unsigned rankOf(float score) {
  const unsigned bits = score == score ? __float_as_uint(score + 0.f) : 0xff800000;  // NaN as −∞
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

/** One block. It finds the rank of the last score that is kept digit by digit, then counts the ties before each unit. */
KERNEL(top_mask, TopMask, kChoosingThreads) {
  const int thread = threadIdx.x;
  __shared__ unsigned counts[256], threshold;
  __shared__ int places, ties[2][kChoosingThreads];
  if (thread == 0) threshold = 0, places = a.keep;
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (thread < 256) counts[thread] = 0;
    __syncthreads();
    for (int i = thread; i < a.units; i += kChoosingThreads) {
      const unsigned rank = rankOf(a.scores[i]);
      if (shift == 24 || (rank ^ threshold) >> (shift + 8) == 0) atomicAdd(&counts[rank >> shift & 255], 1u);
    }
    __syncthreads();
    if (thread == 0) {
      int digit = 255;
      for (; places > static_cast<int>(counts[digit]); digit--) places -= counts[digit];
      threshold |= static_cast<unsigned>(digit) << shift;
    }
    __syncthreads();
  }
  const int run = (a.units + kChoosingThreads - 1) / kChoosingThreads;
  const int first = min(thread * run, a.units), end = min(first + run, a.units);
  int own = 0;
  for (int i = first; i < end; i++) own += rankOf(a.scores[i]) == threshold;
  ties[0][thread] = own;
  int from = 0;
  for (int reach = 1; reach < kChoosingThreads; reach *= 2, from = 1 - from) {
    __syncthreads();
    const int before = thread >= reach ? ties[from][thread - reach] : 0;
    ties[1 - from][thread] = ties[from][thread] + before;
  }
  int left = places - (ties[from][thread] - own);
  for (int i = first; i < end; i++) {
    const unsigned rank = rankOf(a.scores[i]);
    a.mask[i] = rank > threshold || (rank == threshold && left-- > 0) ? 1 : 0;
  }
}

}  // namespace training_ops::cuda::kernels
