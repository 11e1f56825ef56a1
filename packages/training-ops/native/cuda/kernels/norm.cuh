// Batch norm over rows of channels, with what may follow it in the same pass: a sum and a (masked) ReLU.
namespace training_ops::cuda::kernels {

/** A thread's channels and its rows of the block's part: rows first + lane, first + lane + lanes, … */
template <int kWidth>
struct Place {
  int channel, lane, lanes, first, rows;
  bool inside;
  __device__ explicit Place(const Division& by)
      : channel((blockIdx.x * by.columns + threadIdx.x % by.columns) * kWidth),
        lane(threadIdx.x / by.columns),
        lanes(kThreads / by.columns),
        first(blockIdx.y * by.rowsPerPart),
        rows(min(by.rowsPerPart, by.rows - first)),
        inside(channel < by.channels) {}
};

/** Mean and Σ (x − mean)² of `count` values. */
template <class T>
struct Moment {
  T mean, squares, count;
  __device__ void merge(T otherMean, T otherSquares, T otherCount) {
    if (otherCount == 0) return;
    const T total = count + otherCount, share = otherCount / total, gap = otherMean - mean;
    mean += gap * share;
    squares += otherSquares + gap * gap * count * share;
    count = total;
  }
};

/** Rows of which a thread takes the mean first: so it merges a fourth as often. */
constexpr int kTogether = 4;

template <class T, int kWidth>
__device__ void moments(const Moments& a) {
  const Place<kWidth> place(a.division);
  const T* x = static_cast<const T*>(a.x) + static_cast<long long>(place.first) * a.division.channels + place.channel;
  Moment<float> sums[kWidth] = {};
  if (place.inside) {
    for (int row = place.lane; row < place.rows; row += kTogether * place.lanes) {
      float values[kTogether][kWidth];
      float count = 0;
      for (int r = 0; r < kTogether; r++) {
        const int at = row + r * place.lanes;
        if (at < place.rows) load(x + static_cast<long long>(at) * a.division.channels, values[r]), count++;
        else fill(values[r], 0.f);
      }
      const float share = 1 / count;
      for (int i = 0; i < kWidth; i++) {
        const float mean = ((values[0][i] + values[1][i]) + (values[2][i] + values[3][i])) * share;
        float squares = 0;
        for (int r = 0; r < kTogether; r++)
          if (r < count) squares += (values[r][i] - mean) * (values[r][i] - mean);
        sums[i].merge(mean, squares, count);
      }
    }
  }
  __shared__ float means[kWidth][kThreads], squares[kWidth][kThreads], counts[kThreads];
  for (int i = 0; i < kWidth; i++) means[i][threadIdx.x] = sums[i].mean, squares[i][threadIdx.x] = sums[i].squares;
  counts[threadIdx.x] = sums[0].count;
  for (int half = place.lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    const int other = threadIdx.x + half * a.division.columns;
    if (place.lane < half) {
      for (int i = 0; i < kWidth; i++) {
        sums[i].merge(means[i][other], squares[i][other], counts[other]);
        means[i][threadIdx.x] = sums[i].mean, squares[i][threadIdx.x] = sums[i].squares;
      }
      counts[threadIdx.x] = sums[0].count;
    }
  }
  if (place.lane > 0 || !place.inside) return;
  for (int i = 0; i < kWidth; i++) {
    const long long at = static_cast<long long>(blockIdx.y) * a.division.channels + place.channel + i;
    a.means[at] = sums[i].mean;
    a.squares[at] = sums[i].squares;
  }
}
OF_EACH_STORAGE(moments, moments, Moments)

/** gamma / sqrt(variance + eps), in double and rounded once: forward and backward then see the same z. */
__device__ inline float scaleOf(float gamma, float variance, double eps) {
  return static_cast<float>(gamma / sqrt(static_cast<double>(variance) + eps));
}

/** A warp for each channel. */
__device__ inline int channelOfWarp() { return blockIdx.x * (kThreads / kWarp) + threadIdx.x / kWarp; }

KERNEL(finish_moments, FinishMoments, kThreads) {
  const int channel = channelOfWarp(), lane = threadIdx.x % kWarp;
  if (channel >= a.division.channels) return;
  Moment<double> sum = {};
  for (int part = lane; part < a.division.parts; part += kWarp) {
    const long long at = static_cast<long long>(part) * a.division.channels + channel;
    sum.merge(a.means[at], a.squares[at], min(a.division.rowsPerPart, a.division.rows - part * a.division.rowsPerPart));
  }
  for (int half = kWarp / 2; half > 0; half /= 2) {
    const double mean = __shfl_down_sync(0xffffffff, sum.mean, half);
    const double squares = __shfl_down_sync(0xffffffff, sum.squares, half);
    sum.merge(mean, squares, __shfl_down_sync(0xffffffff, sum.count, half));
  }
  if (lane > 0) return;
  const float variance = static_cast<float>(sum.squares / a.division.rows);
  a.mean[channel] = static_cast<float>(sum.mean);
  a.variance[channel] = variance;
  a.scale[channel] = scaleOf(a.gamma[channel], variance, a.eps);
}

template <class T, int kWidth>
__device__ void normalize(const Normalize& a) {
  const int unit = unitOfThread<kWidth>();
  if (unit >= a.extent.units) return;
  const int channel = unit % a.extent.channels;
  float mean[kWidth], scale[kWidth], shift[kWidth], mask[kWidth];
  if (a.mean) load(a.mean + channel, mean);
  else fill(mean, 0.f);
  load(a.scale + channel, scale);
  load(a.shift + channel, shift);
  loadMask(a.rectification, unit, mask);
  eachImage(a.extent, unit, [&](long long at, int) {
    float z[kWidth];
    load(static_cast<const T*>(a.x) + at, z);
    for (int i = 0; i < kWidth; i++) z[i] = (z[i] - mean[i]) * scale[i] + shift[i];
    if (a.residual) {
      float residual[kWidth];
      load(static_cast<const T*>(a.residual) + at, residual);
      for (int i = 0; i < kWidth; i++) z[i] += residual[i];
    }
    for (int i = 0; i < kWidth; i++) z[i] = passes(z[i], mask[i]) ? z[i] : 0;
    store(static_cast<T*>(a.y) + at, z);
  });
}
OF_EACH_STORAGE(normalize, normalize, Normalize)

template <class T, int kWidth>
__device__ void normSums(const NormSums& a) {
  const Place<kWidth> place(a.division);
  // One thread a channel: a root and a division in double are dear.
  __shared__ float scales[kThreads * kWidth];
  const int firstChannel = blockIdx.x * a.division.columns * kWidth;
  for (int i = threadIdx.x; i < a.division.columns * kWidth; i += kThreads) {
    const int channel = firstChannel + i;
    if (channel < a.division.channels) scales[i] = scaleOf(a.gamma[channel], a.variance[channel], a.eps);
  }
  __syncthreads();
  float shifts[kWidth] = {}, products[kWidth] = {};
  if (place.inside) {
    float mean[kWidth], scale[kWidth], beta[kWidth];
    load(a.mean + place.channel, mean);
    load(a.beta + place.channel, beta);
    for (int i = 0; i < kWidth; i++) scale[i] = scales[place.channel - firstChannel + i];
    for (int row = place.lane; row < place.rows; row += place.lanes) {
      const long long at = static_cast<long long>(place.first + row) * a.division.channels + place.channel;
      float dz[kWidth], x[kWidth], mask[kWidth];
      load(static_cast<const T*>(a.dy) + at, dz);
      load(static_cast<const T*>(a.x) + at, x);
      loadMask(a.rectification, (place.first + row) % a.positions * a.division.channels + place.channel, mask);
      for (int i = 0; i < kWidth; i++) {
        const float centered = x[i] - mean[i];
        if (!passes(centered * scale[i] + beta[i], mask[i])) dz[i] = 0;
        shifts[i] += dz[i];
        products[i] += dz[i] * centered;
      }
    }
  }
  __shared__ float sums[2][kWidth][kThreads];
  for (int i = 0; i < kWidth; i++) sums[0][i][threadIdx.x] = shifts[i], sums[1][i][threadIdx.x] = products[i];
  for (int half = place.lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    const int other = threadIdx.x + half * a.division.columns;
    if (place.lane < half) {
      for (int i = 0; i < kWidth; i++) {
        sums[0][i][threadIdx.x] += sums[0][i][other];
        sums[1][i][threadIdx.x] += sums[1][i][other];
      }
    }
  }
  if (place.lane > 0 || !place.inside) return;
  for (int i = 0; i < kWidth; i++) {
    const long long at = static_cast<long long>(blockIdx.y) * a.division.channels + place.channel + i;
    a.shifts[at] = sums[0][i][threadIdx.x];
    a.products[at] = sums[1][i][threadIdx.x];
  }
}
OF_EACH_STORAGE(norm_sums, normSums, NormSums)

KERNEL(finish_sums, FinishSums, kThreads) {
  const int channel = channelOfWarp(), lane = threadIdx.x % kWarp;
  if (channel >= a.division.channels) return;
  double shift = 0, product = 0;
  for (int part = lane; part < a.division.parts; part += kWarp) {
    const long long at = static_cast<long long>(part) * a.division.channels + channel;
    shift += a.shifts[at];
    product += a.products[at];
  }
  shift = warpSum(shift);
  product = warpSum(product);
  if (lane > 0) return;
  const double inverse = 1 / sqrt(static_cast<double>(a.variance[channel]) + a.eps);
  a.dBeta[channel] = static_cast<float>(shift);
  a.dGamma[channel] = static_cast<float>(product * inverse);
  a.a[channel] = static_cast<float>(shift / a.division.rows);
  a.b[channel] = static_cast<float>(product * inverse * inverse / a.division.rows);
  a.scale[channel] = scaleOf(a.gamma[channel], a.variance[channel], a.eps);
}

template <class T, int kWidth>
__device__ void normGradient(const NormGradient& a) {
  const int unit = unitOfThread<kWidth>();
  if (unit >= a.extent.units) return;
  const int channel = unit % a.extent.channels;
  float mean[kWidth], scale[kWidth], beta[kWidth], meanOfDz[kWidth], slope[kWidth], mask[kWidth];
  load(a.mean + channel, mean);
  load(a.scale + channel, scale);
  load(a.beta + channel, beta);
  load(a.a + channel, meanOfDz);
  load(a.b + channel, slope);
  loadMask(a.rectification, unit, mask);
  eachImage(a.extent, unit, [&](long long at, int) {
    float dz[kWidth], x[kWidth];
    load(static_cast<const T*>(a.dy) + at, dz);
    load(static_cast<const T*>(a.x) + at, x);
    for (int i = 0; i < kWidth; i++) {
      const float centered = x[i] - mean[i];
      if (!passes(centered * scale[i] + beta[i], mask[i])) dz[i] = 0;
      dz[i] = (dz[i] - meanOfDz[i] - centered * slope[i]) * scale[i];
    }
    store(static_cast<T*>(a.dx) + at, dz);
  });
}
OF_EACH_STORAGE(norm_gradient, normGradient, NormGradient)

}  // namespace training_ops::cuda::kernels
