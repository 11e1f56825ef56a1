// Batch norm over rows of channels, with what may follow it in the same pass: a sum and a (masked) ReLU.
#pragma once
#include "lanes.h"

namespace training_ops {
namespace {

/** Rows whose plain sums are then added to the rest: 128 rows of 512 channels lie in a second-level cache. */
constexpr int64_t kBlock = 128;
/** Rows added up in registers before they reach a sum in memory. Memory is read in its order: strides cost a third. */
constexpr int64_t kTogether = 4;

inline int64_t blockAt(int64_t first, int64_t rows) { return rows - first < kBlock ? rows - first : kBlock; }

/** What one row gives to each of several sums. */
template <int kTerms>
struct Terms { Lanes values[kTerms]; };

/** Adds term(at(row), c, lot) of each row to what `sums` has, [channels] for each of the terms. */
template <int kTerms, class At, class Term>
inline void addRows(int64_t rows, int64_t channels, float* const (&sums)[kTerms], At at, Term term) {
  int64_t row = 0;
  for (; row + kTogether <= rows; row += kTogether) {
    const auto a = at(row), b = at(row + 1), c = at(row + 2), d = at(row + 3);
    sweep(channels, [&](int64_t i, auto lot) {
      const Terms<kTerms> ta = term(a, i, lot), tb = term(b, i, lot), tc = term(c, i, lot), td = term(d, i, lot);
      for (int t = 0; t < kTerms; t++) {
        const Lanes sum = (ta.values[t] + tb.values[t]) + (tc.values[t] + td.values[t]);
        store(sums[t] + i, load(sums[t] + i, lot) + sum, lot);
      }
    });
  }
  for (; row < rows; row++) {
    const auto a = at(row);
    sweep(channels, [&](int64_t i, auto lot) {
      const Terms<kTerms> terms = term(a, i, lot);
      for (int t = 0; t < kTerms; t++) store(sums[t] + i, load(sums[t] + i, lot) + terms.values[t], lot);
    });
  }
}

/**
 * Mean and Σ (x − mean)² of each channel, in one pass over memory: from the distances to the mean of the first block.
 * With a share s of the rows in that block, rounding is at most 1 / s times that of two passes (s is 1/16 for a batch of
 * 128 CIFAR images), where distances to one value, or to 0, know no bound. scratch [4, channels].
 */
template <class T>
void moments(const T* x, int64_t rows, int64_t channels, float* mean, float* squares, float* scratch) {
  float *pivot = mean, *sum = scratch, *spread = scratch + channels;
  const auto from = [&](int64_t first) { return [=](int64_t row) { return x + (first + row) * channels; }; };
  std::memset(mean, 0, channels * sizeof(float));
  std::memset(squares, 0, channels * sizeof(float));
  std::memset(scratch, 0, 2 * channels * sizeof(float));
  const int64_t opening = blockAt(0, rows);
  addRows<1>(opening, channels, {pivot}, from(0), [](const T* row, int64_t c, auto lot) {
    return Terms<1>{{load(row + c, lot)}};
  });
  sweep(channels, [&](int64_t c, auto lot) { store(pivot + c, load(pivot + c, lot) / static_cast<float>(opening), lot); });
  float* block = scratch + 2 * channels;
  for (int64_t first = 0; first < rows; first += kBlock) {
    std::memset(block, 0, 2 * channels * sizeof(float));
    addRows<2>(blockAt(first, rows), channels, {block, block + channels}, from(first),
               [pivot](const T* row, int64_t c, auto lot) {
      const Lanes d = load(row + c, lot) - load(pivot + c, lot);
      return Terms<2>{{d, d * d}};
    });
    sweep(2 * channels, [&](int64_t i, auto lot) { store(sum + i, load(sum + i, lot) + load(block + i, lot), lot); });
  }
  const float count = static_cast<float>(rows);
  sweep(channels, [&](int64_t c, auto lot) {
    const Lanes gap = load(sum + c, lot) / count;
    const Lanes rest = load(spread + c, lot) - gap * load(sum + c, lot);
    store(mean + c, load(pivot + c, lot) + gap, lot);
    store(squares + c, rest < 0 ? Lanes{} : rest, lot);
  });
}

/** The mask's row at a row of the map; it repeats after each image. */
template <Rectify kRectify>
inline const float* maskAt(const Map& map, int64_t row) {
  if constexpr (kRectify != Rectify::masked) return nullptr;
  else return map.mask + (map.firstRow + row) % map.positions * map.channels;
}

/** y = rectify((x − mean) · scale + shift [+ residual]) */
template <class T, Rectify kRectify, bool kResidual>
void normalize(const Map& map, const T* x, const T* residual, const Channels& by, T* y) {
  for (int64_t row = 0; row < map.rows; row++) {
    const int64_t at = row * map.channels;
    const float* mask = maskAt<kRectify>(map, row);
    sweep(map.channels, [&](int64_t c, auto lot) {
      Lanes z = (load(x + at + c, lot) - load(by.mean + c, lot)) * load(by.scale + c, lot) + load(by.shift + c, lot);
      if constexpr (kResidual) z += load(residual + at + c, lot);
      store(y + at + c, rectify<kRectify>(z, loadMask<kRectify>(mask, c, lot)), lot);
    });
  }
}

/** dz: dy where the ReLU let z = (x − mean) · scale + shift through. */
template <Rectify kRectify, class T, class Lot>
inline Lanes through(const T* dy, Lanes centered, const Channels& by, const float* mask, int64_t c, Lot lot) {
  const Lanes d = load(dy + c, lot);
  if constexpr (kRectify == Rectify::none) return d;
  const Lanes z = centered * load(by.scale + c, lot) + load(by.shift + c, lot);
  return passes<kRectify>(z, loadMask<kRectify>(mask, c, lot)) ? d : Lanes{};
}

/** dShift = Σ dz and dScale = Σ dz · (x − mean), by channel. scratch [2, channels]. */
template <class T, Rectify kRectify>
void normalizeSums(const Map& map, const T* dy, const T* x, const Channels& by, float* dShift, float* dScale,
                   float* scratch) {
  const int64_t channels = map.channels;
  std::memset(dShift, 0, channels * sizeof(float));
  std::memset(dScale, 0, channels * sizeof(float));
  for (int64_t first = 0; first < map.rows; first += kBlock) {
    const int64_t count = blockAt(first, map.rows);
    std::memset(scratch, 0, 2 * channels * sizeof(float));
    struct Row { const T *dy, *x; const float* mask; };
    const auto at = [&](int64_t row) {
      const int64_t offset = (first + row) * channels;
      return Row{dy + offset, x + offset, maskAt<kRectify>(map, first + row)};
    };
    addRows<2>(count, channels, {scratch, scratch + channels}, at, [&](const Row& row, int64_t c, auto lot) {
      const Lanes centered = load(row.x + c, lot) - load(by.mean + c, lot);
      const Lanes dz = through<kRectify>(row.dy, centered, by, row.mask, c, lot);
      return Terms<2>{{dz, dz * centered}};
    });
    sweep(channels, [&](int64_t c, auto lot) {
      store(dShift + c, load(dShift + c, lot) + load(scratch + c, lot), lot);
      store(dScale + c, load(dScale + c, lot) + load(scratch + channels + c, lot), lot);
    });
  }
}

/** dx = scale · (dz − a − (x − mean) · b), with a and b the means that the statistics' own gradients take away. */
template <class T, Rectify kRectify>
void normalizeGradient(const Map& map, const T* dy, const T* x, const Channels& by, const float* a, const float* b,
                       T* dx) {
  for (int64_t row = 0; row < map.rows; row++) {
    const int64_t at = row * map.channels;
    const float* mask = maskAt<kRectify>(map, row);
    sweep(map.channels, [&](int64_t c, auto lot) {
      const Lanes centered = load(x + at + c, lot) - load(by.mean + c, lot);
      const Lanes dz = through<kRectify>(dy + at, centered, by, mask, c, lot);
      const Lanes rest = dz - load(a + c, lot) - centered * load(b + c, lot);
      store(dx + at + c, rest * load(by.scale + c, lot), lot);
    });
  }
}

template <class T, Rectify kRectify>
constexpr NormLoops<T> normLoops() {
  return {normalize<T, kRectify, false>, normalize<T, kRectify, true>, normalizeSums<T, kRectify>,
          normalizeGradient<T, kRectify>};
}

}  // namespace
}  // namespace training_ops
