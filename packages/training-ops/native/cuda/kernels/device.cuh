// What the kernels share. Each is written once and compiled twice: for a GPU by NVRTC, without any header, and for the
// CPU under rehearsal/threads.h, which defines what CUDA has built in. Without FMA, so that both round alike.
namespace training_ops::cuda::kernels {

/** The upper half of a float. */
struct bf16 { unsigned short bits; };

/** Neighboring values that a thread reads and writes at once, where rows and addresses allow it. */
constexpr int kPacket = 4;

__device__ inline float widened(unsigned bits) { return __uint_as_float(bits << 16); }

/** Rounds to the nearest, ties to even, as torch does. */
__device__ inline unsigned narrowed(float v) {
  const unsigned bits = __float_as_uint(v);
  return v == v ? (bits + 0x7fff + ((bits >> 16) & 1)) >> 16 : 0x7fc0;
}

__device__ inline void load(const float* p, float (&v)[1]) { v[0] = *p; }
__device__ inline void load(const bf16* p, float (&v)[1]) { v[0] = widened(p->bits); }
__device__ inline void load(const float* p, float (&v)[kPacket]) {
  const float4 q = *reinterpret_cast<const float4*>(p);
  v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
}
__device__ inline void load(const bf16* p, float (&v)[kPacket]) {
  const uint2 q = *reinterpret_cast<const uint2*>(p);
  v[0] = widened(q.x), v[1] = __uint_as_float(q.x & 0xffff0000);
  v[2] = widened(q.y), v[3] = __uint_as_float(q.y & 0xffff0000);
}

__device__ inline void store(float* p, const float (&v)[1]) { *p = v[0]; }
__device__ inline void store(bf16* p, const float (&v)[1]) { p->bits = narrowed(v[0]); }
__device__ inline void store(float* p, const float (&v)[kPacket]) {
  *reinterpret_cast<float4*>(p) = make_float4(v[0], v[1], v[2], v[3]);
}
__device__ inline void store(bf16* p, const float (&v)[kPacket]) {
  *reinterpret_cast<uint2*>(p) =
      make_uint2(narrowed(v[0]) | narrowed(v[1]) << 16, narrowed(v[2]) | narrowed(v[3]) << 16);
}

template <int kWidth>
__device__ inline void fill(float (&v)[kWidth], float value) {
  for (int i = 0; i < kWidth; i++) v[i] = value;
}

/** The mask of some units, 0 where nothing is rectified and 1 where everything is. */
template <int kWidth>
__device__ inline void loadMask(const Rectification& by, int unit, float (&mask)[kWidth]) {
  if (by.rectifies && by.mask) load(by.mask + unit, mask);
  else fill(mask, by.rectifies ? 1.f : 0.f);
}

/** Where an output follows its input: everywhere that nothing is rectified, and at positive (or NaN) values. */
__device__ inline bool passes(float value, float mask) { return !(value <= 0) || mask == 0; }

/** Calls f(units' offset in the batch, first unit, image) for this thread's units of each of its images. */
template <class F>
__device__ inline void eachImage(const Extent& extent, int unit, F f) {
  for (int image = blockIdx.y; image < extent.images; image += gridDim.y)
    f(static_cast<long long>(image) * extent.units + unit, image);
}

template <int kWidth>
__device__ inline int unitOfThread() { return (blockIdx.x * kThreads + threadIdx.x) * kWidth; }

/** The sum over a warp, in its first thread. */
template <class T>
__device__ inline T warpSum(T value) {
  for (int half = kWarp / 2; half > 0; half /= 2) value += __shfl_down_sync(0xffffffff, value, half);
  return value;
}

/** The sum over a block, in all of its threads. */
__device__ inline double blockSum(double value) {
  __shared__ double sums[kThreads];
  const int thread = threadIdx.x;
  sums[thread] = value;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (thread < half) sums[thread] += sums[thread + half];
    __syncthreads();
  }
  const double sum = sums[0];
  __syncthreads();  // before it is used again
  return sum;
}

/** Kernels of each storage, by name: NAME_float, NAME_floatx4, NAME_bf16, NAME_bf16x4. */
#define OF_EACH_STORAGE(NAME, FUNCTION, ARGUMENTS)                          \
  KERNEL(NAME##_float, ARGUMENTS, kThreads) { FUNCTION<float, 1>(a); }      \
  KERNEL(NAME##_floatx4, ARGUMENTS, kThreads) { FUNCTION<float, kPacket>(a); } \
  KERNEL(NAME##_bf16, ARGUMENTS, kThreads) { FUNCTION<bf16, 1>(a); }        \
  KERNEL(NAME##_bf16x4, ARGUMENTS, kThreads) { FUNCTION<bf16, kPacket>(a); }

}  // namespace training_ops::cuda::kernels
