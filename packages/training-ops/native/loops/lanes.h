// Sixteen floats at once, whatever the processor has: one AVX-512 register, two of AVX2, four of SSE or NEON. The order
// of every sum is then the same on every machine; so are its bits, for table.cc is built without contraction to FMA.
//
// Everything here and in the other headers of this folder has internal linkage: table.cc is compiled once for each
// level of the instruction set, and the linker must not merge the copies.
#pragma once
#include <cstring>

#include "table.h"

namespace training_ops {
namespace {

constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(64)));
typedef uint32_t Bits __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));

/** How many of the lanes a step of `sweep` uses: all, or the few at the end. */
struct Whole { static constexpr int64_t count = kLanes; };
struct Part { int64_t count; };

inline Lanes load(const float* p, Whole) { Lanes v; std::memcpy(&v, p, sizeof v); return v; }
inline void store(float* p, Lanes v, Whole) { std::memcpy(p, &v, sizeof v); }

inline Lanes load(const bfloat16* p, Whole) {
  Halves h;
  std::memcpy(&h, p, sizeof h);
  return reinterpret_cast<Lanes>(__builtin_convertvector(h, Bits) << 16);
}

/** Rounds to the nearest, ties to even, as torch does. */
inline void store(bfloat16* p, Lanes v, Whole) {
  Bits bits = reinterpret_cast<Bits>(v);
  Bits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  rounded = v == v ? rounded : (Bits{} + 0x7fc0);
  Halves h = __builtin_convertvector(rounded, Halves);
  std::memcpy(p, &h, sizeof h);
}

template <class T>
inline Lanes load(const T* p, Part part) {
  T values[kLanes] = {};
  std::memcpy(values, p, part.count * sizeof(T));
  return load(values, Whole());
}

template <class T>
inline void store(T* p, Lanes v, Part part) {
  T values[kLanes];
  store(values, v, Whole());
  std::memcpy(p, values, part.count * sizeof(T));
}

/** Calls step(i, Whole or Part) over [0, count). */
template <class Step>
inline void sweep(int64_t count, Step step) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) step(i, Whole());
  if (i < count) step(i, Part{count - i});
}

inline Lanes all(float x) { return Lanes{} + x; }
inline Lanes magnitude(Lanes v) { return reinterpret_cast<Lanes>(reinterpret_cast<Bits>(v) & 0x7fffffff); }

/** By halves: one after the other they would wait for each other. */
inline float total(Lanes v) {
  float lanes[kLanes];
  store(lanes, v, Whole());
  for (int64_t half = kLanes / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

/** Which units of a map are rectified. */
enum class Rectify { none, all, masked };

/** Where an output follows its input: everywhere that nothing is rectified, and at positive (or NaN) values. */
template <Rectify kRectify>
inline auto passes(Lanes value, Lanes mask) {
  if constexpr (kRectify == Rectify::none) return value == value || value != value;
  else if constexpr (kRectify == Rectify::all) return !(value <= 0);
  else return !(value <= 0) || mask == 0;
}

template <Rectify kRectify>
inline Lanes rectify(Lanes value, Lanes mask) {
  if constexpr (kRectify == Rectify::none) return value;
  else return passes<kRectify>(value, mask) ? value : Lanes{};
}

template <Rectify kRectify, class Lot>
inline Lanes loadMask(const float* mask, int64_t i, Lot lot) {
  if constexpr (kRectify == Rectify::masked) return load(mask + i, lot);
  else return Lanes{};
}

}  // namespace
}  // namespace training_ops
