// The inner loops of the fused operators, as a table of functions: one table for each level of the instruction set.
#pragma once
#include <cstdint>

namespace training_ops {

/** The upper half of a float. */
struct bfloat16 { uint16_t bits; };

/** Rows of channels, from row `firstRow` of the batch; the mask [positions, channels] repeats after each image. */
struct Map {
  int64_t rows, channels, firstRow;
  const float* mask;
  int64_t positions;
};

/** z = (x − mean) · scale + shift, by channel. */
struct Channels { const float *mean, *scale, *shift; };

template <class T>
struct NormLoops {
  void (*normalize)(const Map&, const T* x, const T* none, const Channels&, T* y);
  void (*normalizeAdd)(const Map&, const T* x, const T* residual, const Channels&, T* y);
  void (*sums)(const Map&, const T* dy, const T* x, const Channels&, float* dShift, float* dScale,
               float* scratch);
  void (*gradient)(const Map&, const T* dy, const T* x, const Channels&, const float* a, const float* b, T* dx);
};

/** Loops over stored activations. `mask` is of the same `count` units, or null: all rectified. */
template <class T>
struct MapLoops {
  void (*moments)(const T* x, int64_t rows, int64_t channels, float* mean, float* squares, float* scratch);
  NormLoops<T> plain, rectified, masked;
  void (*maskedRelu)(const T* x, const float* mask, int64_t count, T* y);
  void (*addMaskedRelu)(const T* a, const T* b, const float* mask, int64_t count, T* y);
  void (*maskedReluGradient)(const T* dy, const T* y, const float* mask, int64_t count, T* dx);
  /** sums [count] = Σ over `batch` images, `stride` units apart, of |a − b|, or of max(−z, 0). */
  void (*absDiffSum)(const T* a, const T* b, int64_t batch, int64_t stride, int64_t count, float* sums);
  void (*negPartSum)(const T* z, int64_t batch, int64_t stride, int64_t count, float* sums);
  /** energies [positions] = mean over channels of x². */
  void (*channelEnergies)(const T* x, int64_t positions, int64_t channels, float* energies);
  /** dx [positions, channels] = x · factors [positions] · by. */
  void (*scaleRows)(const T* x, const float* factors, float by, int64_t positions, int64_t channels, T* dx);
  /** Σ s², Σ t². */
  void (*squareSums)(const T* s, const T* t, int64_t count, double* sums);
  /** d = s · a − t · b: Σ d², Σ d · s · a. */
  void (*differenceSums)(const T* s, const T* t, float a, float b, int64_t count, double* sums);
  /** dx = s · a + t · b. */
  void (*combine)(const T* s, const T* t, float a, float b, int64_t count, T* dx);
  /** y = levels[channel][pixel]: one row of an image, from left or from right; `pixels` null is black. */
  void (*levelRow)(const uint8_t* pixels, const float* levels, int64_t width, int64_t channels, int64_t step, T* y);
};

struct Loops {
  MapLoops<float> float32;
  MapLoops<bfloat16> half;
  /** v ← momentum · v + (g + decay · p); p ← (p − rate · v) · pattern; pattern may be null. */
  void (*sgd)(float* p, const float* g, float* v, const float* pattern, int64_t count, float rate, float momentum,
              float decay);
  /** running ← keep · running + share · batch. */
  void (*blend)(float* running, const float* batch, int64_t count, float keep, float share);
  bool (*allFinite)(const float* x, int64_t count);
};

/** The tables by level; a processor other than x86 has the lowest alone. */
namespace loops_at { extern const Loops baseline, avx2, avx512; }

/** The table for the level that the backend computes at. */
const Loops& loops();

}  // namespace training_ops
