// Products of matrices, from registers: a few rows at a time, each of them some registers wide.
#pragma once
#include "tiles.h"

namespace winograd {
namespace {

/** Registers of a row, and what they hold. */
constexpr int kWide = 2;
constexpr int64_t kPanel = kWide * kLanes;
/** Rows whose sums fit in the registers beside what they are multiplied with: of 32 ones, or of 16. */
#if defined(__AVX512F__)
constexpr int kRows = 12;
#else
constexpr int kRows = 6;
#endif

/** How the steps of a sum lie: `runs` times `length` of them, all of `b` one after the other. */
struct Steps { int64_t runs, aRun, length, aStep, bStep; };

/**
 * c [rows, …] (+)= Σ a · b over the steps, `row` of a and of c from one row to the next; b's registers are `bNext` apart. What c
 * has is added to the sum of the steps, for the errors of two short sums are smaller than those of a long one.
 */
template <int kCount, int kRegisters, bool kAdd>
inline void multiply(Steps steps, const float* a, int64_t aRow, const float* b, int64_t bNext, float* c, int64_t cRow) {
  Lanes sums[kCount][kRegisters];
#pragma GCC unroll 16
  for (int r = 0; r < kCount; r++)
#pragma GCC unroll 2
    for (int v = 0; v < kRegisters; v++) sums[r][v] = Lanes{};
  for (int64_t run = 0; run < steps.runs; run++, a += steps.aRun) {
    const float* p = a;
    for (int64_t k = 0; k < steps.length; k++, p += steps.aStep, b += steps.bStep) {
      Lanes factors[kRegisters];
#pragma GCC unroll 2
      for (int v = 0; v < kRegisters; v++) factors[v] = load(b + v * bNext);
#pragma GCC unroll 16
      for (int r = 0; r < kCount; r++)
#pragma GCC unroll 2
        for (int v = 0; v < kRegisters; v++) sums[r][v] += p[r * aRow] * factors[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kCount; r++)
#pragma GCC unroll 2
    for (int v = 0; v < kRegisters; v++) {
      float* to = c + r * cRow + v * kLanes;
      store(to, kAdd ? load(to) + sums[r][v] : sums[r][v]);
    }
}

void transformFilter(const Filter& filter, int64_t in, int64_t out, int64_t first, int64_t end, float* u) {
  transformFilterTo(kPanel, filter, in, out, first, end, u);
}

/** m [tiles, width] = v · u of one element and `width` channels. Tiles are rounded up: what is behind them nobody reads. */
template <int kRegisters>
inline void multiplyTiles(Transformed v, int64_t element, int64_t count, const float* u, float* m) {
  constexpr int64_t width = kRegisters * kLanes;
  const Steps steps{v.channels / kBlock, v.capacity * kBlock, kBlock, 1, width};
  const float* a = v.values + element * v.part();
  for (int64_t t = 0; t < count; t += kRows)
    multiply<kRows, kRegisters, false>(steps, a + t * kBlock, kBlock, u, kLanes, m + t * width, width);
}

void convolve(const Maps& maps, Tiles tiles, const float* x, const float* u, Transformed v, float* products, float* y) {
  const int64_t in = maps.channels, out = maps.outChannels;
  transformInput(maps, tiles, x, v, 0);
  for (int64_t channel = 0; channel < out; channel += kPanel) {
    const int64_t width = std::min(kPanel, out - channel), part = v.capacity * width + kBlock;
    for (int64_t element = 0; element < kElements; element++) {
      const float* panel = u + element * in * out + channel * in;
      float* m = products + element * part;
      if (width == kPanel) multiplyTiles<kWide>(v, element, tiles.count, panel, m);
      else multiplyTiles<1>(v, element, tiles.count, panel, m);
    }
    finishTiles(maps, tiles, products, part, channel, width, y);
  }
}

/** Sixteen rows in lots that fit in the registers. */
template <int kRegisters>
inline void accumulateRows(int64_t count, const float* z, const float* v, int64_t next, float* sums, int64_t in) {
  constexpr Steps one{1, 0, 0, kBlock, kBlock};
  const Steps steps{one.runs, one.aRun, count, one.aStep, one.bStep};
#if defined(__AVX512F__)
  constexpr int kLot = kRegisters == 1 ? 16 : 8, kLast = kLot;
#else
  constexpr int kLot = 6, kLast = 4;
#endif
  int64_t row = 0;
  for (; row + kLast < kBlock; row += kLot)
    multiply<kLot, kRegisters, true>(steps, z + row, 1, v, next, sums + row * in, in);
  multiply<kLast, kRegisters, true>(steps, z + row, 1, v, next, sums + row * in, in);
}

void accumulate(Transformed z, Transformed v, int64_t element, int64_t out, int64_t count, float* sums) {
  const int64_t in = v.channels, next = kLanes == kBlock ? v.capacity * kBlock : kLanes;
  const float* rows = z.values + element * z.part() + out * z.capacity;
  const float* columns = v.values + element * v.part();
  for (int64_t i = 0; i < in; i += kPanel) {
    const float* b = columns + i / kBlock * kBlock * v.capacity + i % kBlock;
    if (i + kPanel <= in) accumulateRows<kWide>(count, rows, b, next, sums + i, in);
    else accumulateRows<1>(count, rows, b, next, sums + i, in);
  }
}

}  // namespace
}  // namespace winograd
