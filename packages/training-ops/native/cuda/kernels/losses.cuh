// Losses, and the mismatch of activations (PRAM), in float32 with sums in double, whatever the type of what they compare.
namespace training_ops::cuda::kernels {

constexpr double kTinyLength = 1e-24;  // under the root: an all-zero row keeps a finite gradient

KERNEL(cross_entropy, CrossEntropy, kThreads) {
  const int image = blockIdx.x * (kThreads / kWarp) + threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  if (image >= a.images) return;
  const float* z = a.logits + static_cast<long long>(image) * a.classes;
  float largest = z[0];
  for (int k = lane; k < a.classes; k += kWarp) largest = z[k] > largest ? z[k] : largest;
  for (int half = kWarp / 2; half > 0; half /= 2) {
    const float other = __shfl_xor_sync(0xffffffff, largest, half);
    largest = other > largest ? other : largest;
  }
  float sum = 0;
  for (int k = lane; k < a.classes; k += kWarp) sum += expf(z[k] - largest);
  for (int half = kWarp / 2; half > 0; half /= 2) sum += __shfl_xor_sync(0xffffffff, sum, half);
  const float logSum = logf(sum);
  const int label = a.labels[image];
  const bool known = label >= 0 && label < a.classes;
  if (lane == 0) a.losses[image] = known ? logSum - (z[label] - largest) : __uint_as_float(0x7fc00000);
  float* gradient = a.gradient + static_cast<long long>(image) * a.classes;
  for (int k = lane; k < a.classes; k += kWarp)
    gradient[k] = (expf(z[k] - largest - logSum) - (k == label ? 1 : 0)) / static_cast<float>(a.images);
}

KERNEL(mean_of, MeanOf, kThreads) {
  double sum = 0;
  for (int i = threadIdx.x; i < a.count; i += kThreads) sum += a.values[i];
  sum = blockSum(sum);
  if (threadIdx.x == 0) *a.mean = static_cast<float>(sum / a.divisor);
}

/** A warp for each position. */
template <class T, int kWidth>
__device__ void energies(const Energies& a) {
  const int row = blockIdx.x * (kThreads / kWarp) + threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  if (row >= a.rows) return;
  const T* x = static_cast<const T*>(blockIdx.y == 0 ? a.student : a.teacher) + static_cast<long long>(row) * a.channels;
  float sum = 0;
  for (int channel = lane * kWidth; channel < a.channels; channel += kWarp * kWidth) {
    float values[kWidth];
    load(x + channel, values);
    for (int i = 0; i < kWidth; i++) sum += values[i] * values[i];
  }
  sum = warpSum(sum);
  if (lane == 0) a.energies[static_cast<long long>(blockIdx.y) * a.rows + row] = sum / static_cast<float>(a.channels);
}
OF_EACH_STORAGE(energies, energies, Energies)

/** A block for each image. */
KERNEL(attention_mismatch, AttentionMismatch, kThreads) {
  const long long first = static_cast<long long>(blockIdx.x) * a.positions;
  const float* student = a.energies + first;
  const float* teacher = student + static_cast<long long>(a.images) * a.positions;
  double ofStudent = 0, ofTeacher = 0;
  for (int p = threadIdx.x; p < a.positions; p += kThreads) {
    ofStudent += static_cast<double>(student[p]) * student[p];
    ofTeacher += static_cast<double>(teacher[p]) * teacher[p];
  }
  ofStudent = sqrt(blockSum(ofStudent) + kTinyLength);
  ofTeacher = sqrt(blockSum(ofTeacher) + kTinyLength);
  double squares = 0, along = 0;
  for (int p = threadIdx.x; p < a.positions; p += kThreads) {
    const float q = static_cast<float>(student[p] / ofStudent);
    const double difference = static_cast<double>(q) - static_cast<float>(teacher[p] / ofTeacher);
    squares += difference * difference;
    along += difference * q;
  }
  squares = blockSum(squares);
  along = blockSum(along);
  if (threadIdx.x == 0) a.losses[blockIdx.x] = static_cast<float>(squares);
  // 2 / (batch · positions) of the mean, 2 / channels of mean_c(A²)
  const double by = 4 / (static_cast<double>(a.images) * a.positions * a.channels * ofStudent);
  for (int p = threadIdx.x; p < a.positions; p += kThreads) {
    const float q = static_cast<float>(student[p] / ofStudent);
    const double difference = static_cast<double>(q) - static_cast<float>(teacher[p] / ofTeacher);
    a.factors[first + p] = static_cast<float>(by * (difference - q * along));
  }
}

template <class T, int kWidth>
__device__ void attentionGradient(const AttentionGradient& a) {
  const int unit = unitOfThread<kWidth>();
  if (unit >= a.extent.units) return;
  const int position = unit / a.extent.channels, positions = a.extent.units / a.extent.channels;
  const float by = *a.dy;
  eachImage(a.extent, unit, [&](long long at, int image) {
    float values[kWidth];
    load(static_cast<const T*>(a.student) + at, values);
    const float factor = a.factors[static_cast<long long>(image) * positions + position] * by;
    for (int i = 0; i < kWidth; i++) values[i] *= factor;
    store(static_cast<T*>(a.dx) + at, values);
  });
}
OF_EACH_STORAGE(attention_gradient, attentionGradient, AttentionGradient)

/** A block for each image. */
template <class T, int kWidth>
__device__ void rawMismatch(const RawMismatch& a) {
  const T* student = static_cast<const T*>(a.student) + static_cast<long long>(blockIdx.x) * a.units;
  const T* teacher = static_cast<const T*>(a.teacher) + static_cast<long long>(blockIdx.x) * a.units;
  double ofStudent = 0, ofTeacher = 0;
  for (int unit = threadIdx.x * kWidth; unit < a.units; unit += kThreads * kWidth) {
    float s[kWidth], t[kWidth], squares[2] = {};
    load(student + unit, s);
    load(teacher + unit, t);
    for (int i = 0; i < kWidth; i++) squares[0] += s[i] * s[i], squares[1] += t[i] * t[i];
    ofStudent += squares[0], ofTeacher += squares[1];
  }
  ofStudent = 1 / sqrt(blockSum(ofStudent) + kTinyLength);
  ofTeacher = 1 / sqrt(blockSum(ofTeacher) + kTinyLength);
  const float byStudent = static_cast<float>(ofStudent), byTeacher = static_cast<float>(ofTeacher);
  double squares = 0, along = 0;
  for (int unit = threadIdx.x * kWidth; unit < a.units; unit += kThreads * kWidth) {
    float s[kWidth], t[kWidth], sums[2] = {};
    load(student + unit, s);
    load(teacher + unit, t);
    for (int i = 0; i < kWidth; i++) {
      const float ours = s[i] * byStudent, difference = ours - t[i] * byTeacher;
      sums[0] += difference * difference, sums[1] += difference * ours;
    }
    squares += sums[0], along += sums[1];
  }
  squares = blockSum(squares);
  along = blockSum(along);
  if (threadIdx.x > 0) return;
  const double loss = sqrt(squares + 1e-12), by = ofStudent / (loss * a.images);
  a.losses[blockIdx.x] = static_cast<float>(loss);
  a.factors[2 * blockIdx.x] = static_cast<float>(by * ofStudent * (1 - along));
  a.factors[2 * blockIdx.x + 1] = static_cast<float>(-by * ofTeacher);
}
OF_EACH_STORAGE(raw_mismatch, rawMismatch, RawMismatch)

template <class T, int kWidth>
__device__ void rawGradient(const RawGradient& a) {
  const int unit = unitOfThread<kWidth>();
  if (unit >= a.extent.units) return;
  const float by = *a.dy;
  eachImage(a.extent, unit, [&](long long at, int image) {
    float s[kWidth], t[kWidth];
    load(static_cast<const T*>(a.student) + at, s);
    load(static_cast<const T*>(a.teacher) + at, t);
    const float ofStudent = a.factors[2 * image] * by, ofTeacher = a.factors[2 * image + 1] * by;
    for (int i = 0; i < kWidth; i++) s[i] = s[i] * ofStudent + t[i] * ofTeacher;
    store(static_cast<T*>(a.dx) + at, s);
  });
}
OF_EACH_STORAGE(raw_gradient, rawGradient, RawGradient)

}  // namespace training_ops::cuda::kernels
