// Polynomials modulo primes below 2^30 and their number-theoretic transforms, a coefficient a lane of 32 bits. Butterflies are
// lazy (Harvey, "Faster arithmetic for number-theoretic transforms", 2014): values stay below four times the prime, and products
// with a root take its quotient w' = ⌊w·2^32 / p⌋ (Shoup). What is given back is below the prime.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels.h"
#include "vectors.h"

namespace {

struct Modulus {
  uint32_t prime, root;
};

/** Those of the package's src/he/parameters.ts. */
constexpr Modulus kModuli[pi::kPrimes] = {
    {1073692673, 1035643497}, {1073643521, 235155491}, {1073479681, 87457091}, {1073430529, 763650354}, {1073299457, 286201539}};

#if defined(__AVX512F__)

using Words = __m512i;
constexpr int kLanes = 16;

inline Words loadWords(const uint32_t* from) { return _mm512_loadu_si512(from); }
inline void storeWords(uint32_t* to, Words value) { _mm512_storeu_si512(to, value); }
inline Words allWords(uint32_t word) { return _mm512_set1_epi32(static_cast<int>(word)); }
inline Words add(Words a, Words b) { return _mm512_add_epi32(a, b); }
inline Words subtract(Words a, Words b) { return _mm512_sub_epi32(a, b); }
inline Words least(Words a, Words b) { return _mm512_min_epu32(a, b); }
inline Words low(Words a, Words b) { return _mm512_mullo_epi32(a, b); }
inline Words even(Words a, Words b) { return _mm512_mul_epu32(a, b); }
inline Words subtractLong(Words a, Words b) { return _mm512_sub_epi64(a, b); }
template <int kBits>
inline Words right(Words a) { return _mm512_srli_epi64(a, kBits); }
inline Words left(Words a) { return _mm512_slli_epi64(a, 32); }
/** Even lanes of the one, odd lanes of the other. */
inline Words lanes(Words evens, Words odds) { return _mm512_mask_blend_epi32(0xAAAA, evens, odds); }
inline Words whereNegative(Words a, Words b) { return _mm512_and_si512(_mm512_srai_epi32(a, 31), b); }

/** Of two vectors in turn, the elements that are the first of a butterfly over kHalf elements, in order, and the second ones. */
template <int kHalf>
struct Order {
  Words first, second, low, high, group;
  Order() {
    alignas(64) uint32_t index[5][32];
    for (uint32_t i = 0; i < 16; i++) {
      const uint32_t element = ((i & ~(kHalf - 1)) << 1) | (i & (kHalf - 1));
      index[0][i] = element;
      index[1][i] = element | kHalf;
      index[4][i] = i / kHalf;
    }
    for (uint32_t e = 0; e < 32; e++) index[e / 16 + 2][e % 16] = (((e >> 1) & ~(kHalf - 1)) | (e & (kHalf - 1))) + (e & kHalf ? 16 : 0);
    first = _mm512_load_si512(index[0]), second = _mm512_load_si512(index[1]);
    low = _mm512_load_si512(index[2]), high = _mm512_load_si512(index[3]), group = _mm512_load_si512(index[4]);
  }
  void split(Words& a, Words& b) const {
    const Words one = _mm512_permutex2var_epi32(a, first, b);
    b = _mm512_permutex2var_epi32(a, second, b), a = one;
  }
  void merge(Words& a, Words& b) const {
    const Words one = _mm512_permutex2var_epi32(a, low, b);
    b = _mm512_permutex2var_epi32(a, high, b), a = one;
  }
  Words spread(const uint32_t* roots) const { return _mm512_permutexvar_epi32(group, loadWords(roots)); }
};

#else

using Words = __m256i;
constexpr int kLanes = 8;

inline Words loadWords(const uint32_t* from) { return _mm256_loadu_si256(reinterpret_cast<const Words*>(from)); }
inline void storeWords(uint32_t* to, Words value) { _mm256_storeu_si256(reinterpret_cast<Words*>(to), value); }
inline Words allWords(uint32_t word) { return _mm256_set1_epi32(static_cast<int>(word)); }
inline Words add(Words a, Words b) { return _mm256_add_epi32(a, b); }
inline Words subtract(Words a, Words b) { return _mm256_sub_epi32(a, b); }
inline Words least(Words a, Words b) { return _mm256_min_epu32(a, b); }
inline Words low(Words a, Words b) { return _mm256_mullo_epi32(a, b); }
inline Words even(Words a, Words b) { return _mm256_mul_epu32(a, b); }
inline Words subtractLong(Words a, Words b) { return _mm256_sub_epi64(a, b); }
template <int kBits>
inline Words right(Words a) { return _mm256_srli_epi64(a, kBits); }
inline Words left(Words a) { return _mm256_slli_epi64(a, 32); }
inline Words lanes(Words evens, Words odds) { return _mm256_blend_epi32(evens, odds, 0xAA); }
inline Words whereNegative(Words a, Words b) { return _mm256_and_si256(_mm256_srai_epi32(a, 31), b); }

/** Of two vectors in turn, the elements that are the first of a butterfly over kHalf elements, in some order, and the second ones. */
template <int kHalf>
struct Order {
  Words group = kHalf == 4   ? _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1)
                : kHalf == 2 ? _mm256_setr_epi32(0, 0, 2, 2, 1, 1, 3, 3)
                             : _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
  void split(Words& a, Words& b) const {
    const Words x = a, y = b;
    if (kHalf == 4) {
      a = _mm256_permute2x128_si256(x, y, 0x20), b = _mm256_permute2x128_si256(x, y, 0x31);
    } else if (kHalf == 2) {
      a = _mm256_unpacklo_epi64(x, y), b = _mm256_unpackhi_epi64(x, y);
    } else {
      const __m256 f = _mm256_castsi256_ps(x), g = _mm256_castsi256_ps(y);
      a = _mm256_castps_si256(_mm256_shuffle_ps(f, g, 0x88)), b = _mm256_castps_si256(_mm256_shuffle_ps(f, g, 0xdd));
    }
  }
  void merge(Words& a, Words& b) const {
    if (kHalf > 1) return split(a, b);
    const Words x = a, y = b;
    a = _mm256_unpacklo_epi32(x, y), b = _mm256_unpackhi_epi32(x, y);
  }
  Words spread(const uint32_t* roots) const { return _mm256_permutevar8x32_epi32(loadWords(roots), group); }
};

#endif

inline Words high(Words a, Words b) { return lanes(right<32>(even(a, b)), even(right<32>(a), right<32>(b))); }

/** A root and its quotient. */
struct Root {
  Words value, quotient;
};

/** x·w mod p, below 2p, of any x. */
inline Words times(Words x, Root root, Words prime) { return subtract(low(x, root.value), low(high(x, root.quotient), prime)); }

/** Roots in the order in which butterflies take them, with their quotients; a vector may be read at each. */
struct Powers {
  std::vector<uint32_t> roots, quotients;
  Root all(int i) const { return {allWords(roots[i]), allWords(quotients[i])}; }
  template <int kHalf>
  Root spread(const Order<kHalf>& order, int i) const { return {order.spread(&roots[i]), order.spread(&quotients[i])}; }
};

uint32_t power(uint64_t base, uint32_t exponent, uint64_t prime) {
  uint64_t out = 1;
  for (; exponent > 0; exponent >>= 1, base = base * base % prime)
    if (exponent & 1) out = out * base % prime;
  return static_cast<uint32_t>(out);
}

uint32_t quotientOf(uint64_t root, uint32_t prime) { return static_cast<uint32_t>((root << 32) / prime); }

Powers powersOf(uint64_t root, uint32_t prime) {
  Powers out{std::vector<uint32_t>(pi::kDegree + kLanes), std::vector<uint32_t>(pi::kDegree + kLanes)};
  uint64_t value = 1;
  for (int i = 0; i < pi::kDegree; i++, value = value * root % prime) {
    int reversed = 0;
    for (int bit = 1, from = i; bit < pi::kDegree; bit <<= 1, from >>= 1) reversed = (reversed << 1) | (from & 1);
    out.roots[reversed] = static_cast<uint32_t>(value);
    out.quotients[reversed] = quotientOf(value, prime);
  }
  return out;
}

struct Tables {
  uint32_t prime, scale, barrett;
  Powers forward, inverse;
  explicit Tables(Modulus of)
      : prime(of.prime),
        scale(power(pi::kDegree, prime - 2, prime)),
        barrett(static_cast<uint32_t>((uint64_t{1} << 61) / prime)),
        forward(powersOf(of.root, prime)),
        inverse(powersOf(power(of.root, prime - 2, prime), prime)) {}
};

const Tables& tablesOf(int prime) {
  static const std::vector<Tables> tables(std::begin(kModuli), std::end(kModuli));
  return tables[prime];
}

/** a, b ← a + w·b, a − w·b: from below 4p to below 4p. */
inline void forwardButterfly(Words& a, Words& b, Root root, Words prime, Words twice) {
  const Words x = least(a, subtract(a, twice)), y = times(b, root, prime);
  a = add(x, y), b = add(subtract(x, y), twice);
}

/** a, b ← a + b, w·(a − b): from below 2p to below 2p. */
inline void inverseButterfly(Words& a, Words& b, Root root, Words prime, Words twice) {
  const Words sum = add(a, b);
  b = times(add(subtract(a, b), twice), root, prime);
  a = least(sum, subtract(sum, twice));
}

template <typename Butterfly>
inline void wideStage(uint32_t* x, int half, const Powers& powers, Butterfly butterfly) {
  const int groups = pi::kDegree / 2 / half;
  for (int group = 0; group < groups; group++) {
    const Root root = powers.all(groups + group);
    uint32_t* start = x + 2 * half * group;
    for (uint32_t* at = start; at < start + half; at += kLanes) {
      Words a = loadWords(at), b = loadWords(at + half);
      butterfly(a, b, root);
      storeWords(at, a), storeWords(at + half, b);
    }
  }
}

template <int kHalf, typename Butterfly>
inline void narrowStage(uint32_t* x, const Powers& powers, Butterfly butterfly) {
  const Order<kHalf> order;
  constexpr int kGroups = pi::kDegree / 2 / kHalf;
  for (int at = 0; at < pi::kDegree; at += 2 * kLanes) {
    Words a = loadWords(x + at), b = loadWords(x + at + kLanes);
    order.split(a, b);
    butterfly(a, b, powers.spread(order, kGroups + at / 2 / kHalf));
    order.merge(a, b);
    storeWords(x + at, a), storeWords(x + at + kLanes, b);
  }
}

void forwardTransform(uint32_t* x, const Tables& of) {
  const Words prime = allWords(of.prime), twice = allWords(2 * of.prime);
  const auto butterfly = [&](Words& a, Words& b, Root root) { forwardButterfly(a, b, root, prime, twice); };
  for (int half = pi::kDegree / 2; half >= kLanes; half >>= 1) wideStage(x, half, of.forward, butterfly);
  if constexpr (kLanes > 8) narrowStage<8>(x, of.forward, butterfly);
  narrowStage<4>(x, of.forward, butterfly);
  narrowStage<2>(x, of.forward, butterfly);
  narrowStage<1>(x, of.forward, butterfly);
  for (int i = 0; i < pi::kDegree; i += kLanes) {
    Words value = loadWords(x + i);
    value = least(value, subtract(value, twice));
    storeWords(x + i, least(value, subtract(value, prime)));
  }
}

void inverseTransform(uint32_t* x, const Tables& of) {
  const Words prime = allWords(of.prime), twice = allWords(2 * of.prime);
  const auto butterfly = [&](Words& a, Words& b, Root root) { inverseButterfly(a, b, root, prime, twice); };
  narrowStage<1>(x, of.inverse, butterfly);
  narrowStage<2>(x, of.inverse, butterfly);
  narrowStage<4>(x, of.inverse, butterfly);
  if constexpr (kLanes > 8) narrowStage<8>(x, of.inverse, butterfly);
  for (int half = kLanes; half < pi::kDegree; half <<= 1) wideStage(x, half, of.inverse, butterfly);
  const Root scale = {allWords(of.scale), allWords(quotientOf(of.scale, of.prime))};
  for (int i = 0; i < pi::kDegree; i += kLanes) {
    const Words value = times(loadWords(x + i), scale, prime);
    storeWords(x + i, least(value, subtract(value, prime)));
  }
}

/** sum + a·b mod p. By Barrett's quotient from the upper bits of a product, which is at most two too small. */
void multiplyAddOne(uint32_t* sum, const uint32_t* a, const uint32_t* b, const Tables& of) {
  const Words prime = allWords(of.prime), twice = allWords(2 * of.prime), barrett = allWords(of.barrett);
  const auto reduced = [&](Words product) { return subtractLong(product, even(right<32>(even(right<29>(product), barrett)), prime)); };
  for (int i = 0; i < pi::kDegree; i += kLanes) {
    const Words x = loadWords(a + i), y = loadWords(b + i);
    Words product = lanes(reduced(even(x, y)), left(reduced(even(right<32>(x), right<32>(y)))));
    product = least(product, subtract(product, twice));
    const Words added = add(loadWords(sum + i), least(product, subtract(product, prime)));
    storeWords(sum + i, least(added, subtract(added, prime)));
  }
}

void forwardAll(uint32_t* residues, int primes) {
  for (int k = 0; k < primes; k++) forwardTransform(residues + k * pi::kDegree, tablesOf(k));
}

void inverseAll(uint32_t* values, int primes) {
  for (int k = 0; k < primes; k++) inverseTransform(values + k * pi::kDegree, tablesOf(k));
}

void multiplyAdd(uint32_t* sum, const uint32_t* a, const uint32_t* b, int primes) {
  for (int k = 0; k < primes; k++) multiplyAddOne(sum + k * pi::kDegree, a + k * pi::kDegree, b + k * pi::kDegree, tablesOf(k));
}

void multiplyPlain(uint32_t* const* sums, const int32_t* plain, const uint32_t* const* parts, int count) {
  std::vector<uint32_t> values(pi::kDegree);
  const auto* words = reinterpret_cast<const uint32_t*>(plain);
  for (int k = 0; k < pi::kPrimes; k++) {
    const Tables& of = tablesOf(k);
    const Words prime = allWords(of.prime);
    for (int i = 0; i < pi::kDegree; i += kLanes) {
      const Words value = loadWords(words + i);
      storeWords(values.data() + i, add(value, whereNegative(value, prime)));
    }
    forwardTransform(values.data(), of);
    for (int i = 0; i < count; i++) multiplyAddOne(sums[i] + k * pi::kDegree, values.data(), parts[i] + k * pi::kDegree, of);
  }
}

}  // namespace
