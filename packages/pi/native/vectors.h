// Vectors of labels, as wide as the level that a file is compiled for has them. A label is 128 bits; each operation treats
// every label of a vector alike.
#pragma once
#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace {

using Block = __m128i;

inline Block loadBlock(const void* from) { return _mm_loadu_si128(static_cast<const Block*>(from)); }
inline void storeBlock(void* to, Block value) { _mm_storeu_si128(static_cast<Block*>(to), value); }

#if defined(__AVX512F__)

struct Vector {
  static constexpr int kLabels = 4;
  __m512i v;
  static Vector load(const void* from) { return {_mm512_loadu_si512(from)}; }
  static Vector all(Block block) { return {_mm512_broadcast_i32x4(block)}; }
  void store(void* to) const { _mm512_storeu_si512(to, v); }
  Vector aes(Vector key) const { return {_mm512_aesenc_epi128(v, key.v)}; }
  Vector aesLast(Vector key) const { return {_mm512_aesenclast_epi128(v, key.v)}; }
  /** σ(l ‖ r) = (l ⊕ r) ‖ l */
  Vector sigma() const {
    return {_mm512_xor_si512(_mm512_shuffle_epi32(v, _MM_PERM_ENUM(0x4e)), _mm512_unpacklo_epi64(v, _mm512_setzero_si512()))};
  }
  /** All ones in labels whose color is 1. */
  Vector color() const { return {_mm512_srai_epi32(_mm512_slli_epi32(_mm512_shuffle_epi32(v, _MM_PERM_ENUM(0)), 31), 31)}; }
  /** T_G and T_E of so many units, which lie in turn. */
  static void loadTable(const uint8_t* from, Vector& generator, Vector& evaluator) {
    const __m512i a = _mm512_loadu_si512(from), b = _mm512_loadu_si512(from + 64);
    generator.v = _mm512_shuffle_i64x2(a, b, 0x88);
    evaluator.v = _mm512_shuffle_i64x2(a, b, 0xdd);
  }
  static void storeTable(uint8_t* to, Vector generator, Vector evaluator) {
    const __m512i low = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), high = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    _mm512_storeu_si512(to, _mm512_permutex2var_epi64(generator.v, low, evaluator.v));
    _mm512_storeu_si512(to + 64, _mm512_permutex2var_epi64(generator.v, high, evaluator.v));
  }
  static constexpr int kWords = 16;
  static Vector words(uint32_t word) { return {_mm512_set1_epi32(static_cast<int>(word))}; }
  Vector shiftLeft(int bits) const { return {_mm512_sll_epi32(v, _mm_cvtsi32_si128(bits))}; }
  Vector shiftRight(int bits) const { return {_mm512_srl_epi32(v, _mm_cvtsi32_si128(bits))}; }
  Vector lowWords(Vector o) const { return {_mm512_unpacklo_epi32(v, o.v)}; }
  Vector highWords(Vector o) const { return {_mm512_unpackhi_epi32(v, o.v)}; }
  Vector lowHalves(Vector o) const { return {_mm512_unpacklo_epi64(v, o.v)}; }
  Vector highHalves(Vector o) const { return {_mm512_unpackhi_epi64(v, o.v)}; }
  friend Vector operator^(Vector a, Vector b) { return {_mm512_xor_si512(a.v, b.v)}; }
  friend Vector operator&(Vector a, Vector b) { return {_mm512_and_si512(a.v, b.v)}; }
};

#elif defined(__VAES__)

struct Vector {
  static constexpr int kLabels = 2;
  __m256i v;
  static Vector load(const void* from) { return {_mm256_loadu_si256(static_cast<const __m256i*>(from))}; }
  static Vector all(Block block) { return {_mm256_broadcastsi128_si256(block)}; }
  void store(void* to) const { _mm256_storeu_si256(static_cast<__m256i*>(to), v); }
  Vector aes(Vector key) const { return {_mm256_aesenc_epi128(v, key.v)}; }
  Vector aesLast(Vector key) const { return {_mm256_aesenclast_epi128(v, key.v)}; }
  Vector sigma() const {
    return {_mm256_xor_si256(_mm256_shuffle_epi32(v, 0x4e), _mm256_unpacklo_epi64(v, _mm256_setzero_si256()))};
  }
  Vector color() const { return {_mm256_srai_epi32(_mm256_slli_epi32(_mm256_shuffle_epi32(v, 0), 31), 31)}; }
  static void loadTable(const uint8_t* from, Vector& generator, Vector& evaluator) {
    const __m256i a = load(from).v, b = load(from + 32).v;
    generator.v = _mm256_permute2x128_si256(a, b, 0x20);
    evaluator.v = _mm256_permute2x128_si256(a, b, 0x31);
  }
  static void storeTable(uint8_t* to, Vector generator, Vector evaluator) {
    Vector{_mm256_permute2x128_si256(generator.v, evaluator.v, 0x20)}.store(to);
    Vector{_mm256_permute2x128_si256(generator.v, evaluator.v, 0x31)}.store(to + 32);
  }
  static constexpr int kWords = 8;
  static Vector words(uint32_t word) { return {_mm256_set1_epi32(static_cast<int>(word))}; }
  Vector shiftLeft(int bits) const { return {_mm256_sll_epi32(v, _mm_cvtsi32_si128(bits))}; }
  Vector shiftRight(int bits) const { return {_mm256_srl_epi32(v, _mm_cvtsi32_si128(bits))}; }
  Vector lowWords(Vector o) const { return {_mm256_unpacklo_epi32(v, o.v)}; }
  Vector highWords(Vector o) const { return {_mm256_unpackhi_epi32(v, o.v)}; }
  Vector lowHalves(Vector o) const { return {_mm256_unpacklo_epi64(v, o.v)}; }
  Vector highHalves(Vector o) const { return {_mm256_unpackhi_epi64(v, o.v)}; }
  friend Vector operator^(Vector a, Vector b) { return {_mm256_xor_si256(a.v, b.v)}; }
  friend Vector operator&(Vector a, Vector b) { return {_mm256_and_si256(a.v, b.v)}; }
};

#else

struct Vector {
  static constexpr int kLabels = 1;
  __m128i v;
  static Vector load(const void* from) { return {loadBlock(from)}; }
  static Vector all(Block block) { return {block}; }
  void store(void* to) const { storeBlock(to, v); }
  Vector aes(Vector key) const { return {_mm_aesenc_si128(v, key.v)}; }
  Vector aesLast(Vector key) const { return {_mm_aesenclast_si128(v, key.v)}; }
  Vector sigma() const { return {_mm_xor_si128(_mm_shuffle_epi32(v, 0x4e), _mm_unpacklo_epi64(v, _mm_setzero_si128()))}; }
  Vector color() const { return {_mm_srai_epi32(_mm_slli_epi32(_mm_shuffle_epi32(v, 0), 31), 31)}; }
  static void loadTable(const uint8_t* from, Vector& generator, Vector& evaluator) {
    generator.v = loadBlock(from);
    evaluator.v = loadBlock(from + 16);
  }
  static void storeTable(uint8_t* to, Vector generator, Vector evaluator) {
    generator.store(to);
    evaluator.store(to + 16);
  }
  static constexpr int kWords = 4;
  static Vector words(uint32_t word) { return {_mm_set1_epi32(static_cast<int>(word))}; }
  Vector shiftLeft(int bits) const { return {_mm_sll_epi32(v, _mm_cvtsi32_si128(bits))}; }
  Vector shiftRight(int bits) const { return {_mm_srl_epi32(v, _mm_cvtsi32_si128(bits))}; }
  Vector lowWords(Vector o) const { return {_mm_unpacklo_epi32(v, o.v)}; }
  Vector highWords(Vector o) const { return {_mm_unpackhi_epi32(v, o.v)}; }
  Vector lowHalves(Vector o) const { return {_mm_unpacklo_epi64(v, o.v)}; }
  Vector highHalves(Vector o) const { return {_mm_unpackhi_epi64(v, o.v)}; }
  friend Vector operator^(Vector a, Vector b) { return {_mm_xor_si128(a.v, b.v)}; }
  friend Vector operator&(Vector a, Vector b) { return {_mm_and_si128(a.v, b.v)}; }
};

#endif

}  // namespace
