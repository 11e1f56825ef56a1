// Batch norm over rows of channels, with what may follow it in the same pass: a sum and a (masked) ReLU.
#pragma once
#include "lanes.h"

namespace tfjs_torch {
namespace {

/** Rows whose plain sums are then added to the rest: 64 rows of 512 channels lie in a second-level cache. */
constexpr int64_t kBlock = 64;

/** Σ over rows of each term(row, lanes of channels from c), as kTerms Lanes a vector of channels. */
template <int kTerms, class Term>
inline void sumRows(int64_t rows, Lanes (&sums)[kTerms], Term term) {
  constexpr int kChains = 4;  // additions in flight: one alone waits 4 cycles for the one before
  Lanes chains[kChains][kTerms] = {};
  int64_t row = 0;
  for (; row + kChains <= rows; row += kChains)
    for (int chain = 0; chain < kChains; chain++) term(row + chain, chains[chain]);
  for (; row < rows; row++) term(row, chains[0]);
  for (int t = 0; t < kTerms; t++)
    sums[t] = (chains[0][t] + chains[1][t]) + (chains[2][t] + chains[3][t]);
}

/**
 * Mean and Σ (x − mean)² of each channel. Each block is read twice, the second time from the cache, and then merged
 * (Chan, Golub, LeVeque 1983): as accurate as two passes over memory.
 */
template <class T>
void moments(const T* x, int64_t rows, int64_t channels, float* mean, float* squares) {
  for (int64_t first = 0; first < rows; first += kBlock) {
    const int64_t count = rows - first < kBlock ? rows - first : kBlock;
    const T* block = x + first * channels;
    const float share = static_cast<float>(count) / (first + count);
    sweep(channels, [&](int64_t c, auto lot) {
      Lanes sum[1], spread[1];
      sumRows(count, sum, [&](int64_t row, Lanes* into) { into[0] += load(block + row * channels + c, lot); });
      const Lanes blockMean = sum[0] / static_cast<float>(count);
      sumRows(count, spread, [&](int64_t row, Lanes* into) {
        Lanes d = load(block + row * channels + c, lot) - blockMean;
        into[0] += d * d;
      });
      const Lanes before = first ? load(mean + c, lot) : Lanes{};
      const Lanes gap = blockMean - before;
      const Lanes spreadBefore = first ? load(squares + c, lot) : Lanes{};
      store(mean + c, before + gap * share, lot);
      store(squares + c, spreadBefore + spread[0] + gap * gap * (share * first), lot);
    });
  }
}

/** The mask's row at a row of the batch, which repeats after each image. */
struct MaskRows {
  const Map& map;
  int64_t position;
  explicit MaskRows(const Map& m) : map(m), position(m.positions ? m.firstRow % m.positions : 0) {}
  const float* next() {
    const float* row = map.mask + position * map.channels;
    if (++position == map.positions) position = 0;
    return row;
  }
};

/** y = rectify((x − mean) · scale + shift [+ residual]) */
template <class T, Rectify kRectify, bool kResidual>
void normalize(const Map& map, const T* x, const T* residual, const Channels& by, T* y) {
  MaskRows masks(map);
  for (int64_t row = 0; row < map.rows; row++) {
    const int64_t at = row * map.channels;
    const float* mask = kRectify == Rectify::masked ? masks.next() : nullptr;
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

/** dShift = Σ dz and dScale = Σ dz · (x − mean), by channel. */
template <class T, Rectify kRectify>
void normalizeSums(const Map& map, const T* dy, const T* x, const Channels& by, float* dShift, float* dScale) {
  std::memset(dShift, 0, map.channels * sizeof(float));
  std::memset(dScale, 0, map.channels * sizeof(float));
  const int64_t offset = map.positions ? map.firstRow % map.positions : 0;
  for (int64_t first = 0; first < map.rows; first += kBlock) {
    const int64_t count = map.rows - first < kBlock ? map.rows - first : kBlock;
    sweep(map.channels, [&](int64_t c, auto lot) {
      Lanes sums[2];
      int64_t position = kRectify == Rectify::masked ? (offset + first) % map.positions : 0;
      sumRows(count, sums, [&](int64_t row, Lanes* into) {
        const int64_t at = (first + row) * map.channels;
        const float* mask = map.mask + position * map.channels;
        if (kRectify == Rectify::masked && ++position == map.positions) position = 0;
        const Lanes centered = load(x + at + c, lot) - load(by.mean + c, lot);
        const Lanes dz = through<kRectify>(dy + at, centered, by, mask, c, lot);
        into[0] += dz;
        into[1] += dz * centered;
      });
      store(dShift + c, load(dShift + c, lot) + sums[0], lot);
      store(dScale + c, load(dScale + c, lot) + sums[1], lot);
    });
  }
}

/** dx = scale · (dz − a − (x − mean) · b), with a and b the means that the statistics' own gradients take away. */
template <class T, Rectify kRectify>
void normalizeGradient(const Map& map, const T* dy, const T* x, const Channels& by, const float* a, const float* b,
                       T* dx) {
  MaskRows masks(map);
  for (int64_t row = 0; row < map.rows; row++) {
    const int64_t at = row * map.channels;
    const float* mask = kRectify == Rectify::masked ? masks.next() : nullptr;
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
}  // namespace tfjs_torch
