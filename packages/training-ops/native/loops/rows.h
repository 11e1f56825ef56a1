// Mismatch of activations (PRAM) and rows of images.
#pragma once
#include "lanes.h"

namespace training_ops {
namespace {

template <class T>
void channelEnergies(const T* x, int64_t positions, int64_t channels, float* energies) {
  for (int64_t p = 0; p < positions; p++) {
    Lanes sum = {};
    sweep(channels, [&](int64_t c, auto lot) {
      const Lanes v = load(x + p * channels + c, lot);
      sum += v * v;
    });
    energies[p] = total(sum) / static_cast<float>(channels);
  }
}

template <class T>
void scaleRows(const T* x, const float* factors, float by, int64_t positions, int64_t channels, T* dx) {
  for (int64_t p = 0; p < positions; p++) {
    const float factor = factors[p] * by;
    sweep(channels, [&](int64_t c, auto lot) {
      store(dx + p * channels + c, load(x + p * channels + c, lot) * factor, lot);
    });
  }
}

/** Two sums over a row, in lanes for 4,096 values at a time and in double beyond. */
template <class Term>
inline void sumPairs(int64_t count, double* sums, Term term) {
  constexpr int64_t kRun = 4096;
  sums[0] = sums[1] = 0;
  for (int64_t first = 0; first < count; first += kRun) {
    Lanes run[2] = {};
    sweep(count - first < kRun ? count - first : kRun, [&](int64_t i, auto lot) { term(first + i, lot, run); });
    sums[0] += total(run[0]);
    sums[1] += total(run[1]);
  }
}

template <class T>
void squareSums(const T* s, const T* t, int64_t count, double* sums) {
  sumPairs(count, sums, [&](int64_t i, auto lot, Lanes* into) {
    const Lanes a = load(s + i, lot), b = load(t + i, lot);
    into[0] += a * a;
    into[1] += b * b;
  });
}

template <class T>
void differenceSums(const T* s, const T* t, float a, float b, int64_t count, double* sums) {
  sumPairs(count, sums, [&](int64_t i, auto lot, Lanes* into) {
    const Lanes student = load(s + i, lot) * a;
    const Lanes difference = student - load(t + i, lot) * b;
    into[0] += difference * difference;
    into[1] += difference * student;
  });
}

template <class T>
void combine(const T* s, const T* t, float a, float b, int64_t count, T* dx) {
  sweep(count, [&](int64_t i, auto lot) { store(dx + i, load(s + i, lot) * a + load(t + i, lot) * b, lot); });
}

inline void put(float* y, float level) { *y = level; }
inline void put(bfloat16* y, float level) { store(y, all(level), Part{1}); }

template <class T>
void levelRow(const uint8_t* pixels, const float* levels, int64_t width, int64_t channels, int64_t step, T* y) {
  static const uint8_t black = 0;
  for (int64_t x = 0; x < width; x++, y += channels) {
    const uint8_t* pixel = pixels ? pixels + x * step * channels : &black;
    for (int64_t c = 0; c < channels; c++) put(y + c, levels[c * 256 + pixel[pixels ? c : 0]]);
  }
}

}  // namespace
}  // namespace training_ops
