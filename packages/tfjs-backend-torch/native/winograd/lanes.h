// A register of floats, as wide as the level has them. All that is in this folder's headers but loops.h has internal
// linkage: loops.cc is compiled once for each level, and the linker must not merge the copies.
#pragma once
#include <algorithm>
#include <cstring>

#include "loops.h"

namespace winograd {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16;
#elif defined(__AVX2__)
constexpr int64_t kLanes = 8;
#else
constexpr int64_t kLanes = 4;
#endif
typedef float Lanes __attribute__((vector_size(4 * kLanes)));

inline Lanes load(const float* p) { Lanes v; std::memcpy(&v, p, sizeof v); return v; }
inline void store(float* p, Lanes v) { std::memcpy(p, &v, sizeof v); }

alignas(64) const float kZeros[kBlock] = {};

}  // namespace
}  // namespace winograd
