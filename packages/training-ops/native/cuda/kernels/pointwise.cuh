// Masked ReLU and the sums over a batch that a mask search gathers.
namespace training_ops::cuda::kernels {

template <class T, int kWidth>
__device__ void rectify(const Rectify& a) {
  const int unit = unitOfThread<kWidth>();
  if (unit >= a.extent.units) return;
  float mask[kWidth];
  loadMask(a.rectification, unit, mask);
  eachImage(a.extent, unit, [&](long long at, int) {
    float z[kWidth];
    load(static_cast<const T*>(a.a) + at, z);
    if (a.b) {
      float b[kWidth];
      load(static_cast<const T*>(a.b) + at, b);
      for (int i = 0; i < kWidth; i++) z[i] += b[i];
    }
    for (int i = 0; i < kWidth; i++) z[i] = passes(z[i], mask[i]) ? z[i] : 0;
    store(static_cast<T*>(a.y) + at, z);
  });
}
OF_EACH_STORAGE(rectify, rectify, Rectify)

template <class T, int kWidth>
__device__ void rectifyGradient(const RectifyGradient& a) {
  const int unit = unitOfThread<kWidth>();
  if (unit >= a.extent.units) return;
  float mask[kWidth];
  loadMask(a.rectification, unit, mask);
  eachImage(a.extent, unit, [&](long long at, int) {
    float dy[kWidth], y[kWidth];
    load(static_cast<const T*>(a.dy) + at, dy);
    load(static_cast<const T*>(a.y) + at, y);
    for (int i = 0; i < kWidth; i++) dy[i] = passes(y[i], mask[i]) ? dy[i] : 0;
    store(static_cast<T*>(a.dx) + at, dy);
  });
}
OF_EACH_STORAGE(rectify_gradient, rectifyGradient, RectifyGradient)

/** A warp's threads have units side by side, a block's warps every eighth image each. */
template <class T, int kWidth>
__device__ void imageSums(const ImageSums& a) {
  constexpr int kWarps = kThreads / kWarp;
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const int unit = (blockIdx.x * kWarp + lane) * kWidth;
  float sums[kWidth] = {};
  if (unit < a.extent.units) {
    for (int image = warp; image < a.extent.images; image += kWarps) {
      const long long at = static_cast<long long>(image) * a.extent.units + unit;
      float values[kWidth];
      load(static_cast<const T*>(a.a) + at, values);
      if (a.b) {
        float b[kWidth];
        load(static_cast<const T*>(a.b) + at, b);
        for (int i = 0; i < kWidth; i++) sums[i] += fabsf(values[i] - b[i]);
      } else {
        for (int i = 0; i < kWidth; i++) sums[i] += values[i] >= 0 ? 0 : -values[i];
      }
    }
  }
  __shared__ float shared[kWidth][kThreads];
  for (int i = 0; i < kWidth; i++) shared[i][threadIdx.x] = sums[i];
  for (int half = kWarps / 2; half > 0; half /= 2) {
    __syncthreads();
    if (warp < half)
      for (int i = 0; i < kWidth; i++) shared[i][threadIdx.x] += shared[i][threadIdx.x + half * kWarp];
  }
  if (warp > 0 || unit >= a.extent.units) return;
  for (int i = 0; i < kWidth; i++) a.sums[unit + i] = shared[i][threadIdx.x];
}
OF_EACH_STORAGE(image_sums, imageSums, ImageSums)

}  // namespace training_ops::cuda::kernels
