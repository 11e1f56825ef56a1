// As many multiply-adds as a core can do, and nothing else. Compiled once for each level of instructions.
#include <cstdint>
#include <cstring>

#include "multiply_add.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace machine {
namespace {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX2__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif
typedef float Lanes __attribute__((vector_size(4 * kWidth)));

/** More chains than a core has multiply-adds under way: two pipes of four or five cycles. They converge to 1. */
constexpr int kChains = 10;

double inFloat32(int64_t rounds) {
  Lanes chains[kChains] = {};
  for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; i++) {
      chains[i] = chains[i] * (Lanes{} + 0.5f) + 0.5f;
      asm volatile("" : "+x"(chains[i]));  // each of them is computed, one by one
    }
  }
  return chains[0][0] == 1 ? 2.0 * kWidth * kChains * static_cast<double>(rounds) : 0;
}

#if defined(__AVX512F__)
__attribute__((target("avx512bf16"))) double inBfloat16(int64_t rounds) {
  __m512 chains[kChains] = {};
  const __m512bh zeros = {};
  for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; i++) {
      chains[i] = _mm512_dpbf16_ps(chains[i], zeros, zeros);
      asm volatile("" : "+x"(chains[i]));
    }
  }
  return chains[0][0] == 0 ? 4.0 * kWidth * kChains * static_cast<double>(rounds) : 0;
}
#else
double inBfloat16(int64_t) { return 0; }
#endif

}  // namespace

const MultiplyAdd multiply_add_at::TFJS_TORCH_LEVEL = {inFloat32, inBfloat16};

}  // namespace machine
