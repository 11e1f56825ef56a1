// AES-128: key schedules, and several vectors encrypted side by side, which hides the latency of a round.
#pragma once
#include "vectors.h"

namespace {

constexpr int kKeyBytes = 16;
constexpr int kRounds = 10;

struct Schedule {
  Block keys[kRounds + 1];
};

template <int kConstant>
inline Block nextKey(Block key) {
  const Block assist = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, kConstant), 0xff);
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 8)); // by 4 and by 8: each word is the sum of those before it
  return _mm_xor_si128(key, assist);
}

/** Rounds outside, keys inside: a schedule alone would wait for each of its rounds. */
inline void expandKeys(const uint8_t* keys, int count, Schedule* schedules) {
  const auto round = [&](auto next, int from) {
    for (int i = 0; i < count; i++) schedules[i].keys[from + 1] = next(schedules[i].keys[from]);
  };
  for (int i = 0; i < count; i++) schedules[i].keys[0] = loadBlock(keys + kKeyBytes * i);
  round(nextKey<0x01>, 0);
  round(nextKey<0x02>, 1);
  round(nextKey<0x04>, 2);
  round(nextKey<0x08>, 3);
  round(nextKey<0x10>, 4);
  round(nextKey<0x20>, 5);
  round(nextKey<0x40>, 6);
  round(nextKey<0x80>, 7);
  round(nextKey<0x1b>, 8);
  round(nextKey<0x36>, 9);
}

/** Encrypts kCount vectors under each of two schedules, in place. */
template <int kCount>
inline void encryptPairs(const Schedule& ofA, const Schedule& ofB, Vector (&a)[kCount], Vector (&b)[kCount]) {
  const auto each = [&](int round, auto step) {
    const Vector keyA = Vector::all(ofA.keys[round]), keyB = Vector::all(ofB.keys[round]);
    for (int i = 0; i < kCount; i++) {
      a[i] = step(a[i], keyA);
      b[i] = step(b[i], keyB);
    }
  };
  each(0, [](Vector x, Vector key) { return x ^ key; });
#pragma GCC unroll 9
  for (int round = 1; round < kRounds; round++) each(round, [](Vector x, Vector key) { return x.aes(key); });
  each(kRounds, [](Vector x, Vector key) { return x.aesLast(key); });
}

/** The words from `position` on of AES in counter mode, whose counter starts at 0: the stream of OpenSSL's aes-128-ctr. */
inline void keystream(const Schedule& schedule, uint64_t position, int words, uint32_t* out) {
  constexpr int kAtOnce = 8;
  constexpr int kWordsAtOnce = kAtOnce * Vector::kLabels * 4;
  alignas(64) uint32_t buffer[kWordsAtOnce];
  uint64_t block = position / 4;
  int skip = static_cast<int>(position % 4);
  while (words > 0) {
    Vector x[kAtOnce];
    for (int i = 0; i < kAtOnce; i++) {
      alignas(64) uint64_t counters[2 * Vector::kLabels];
      for (int label = 0; label < Vector::kLabels; label++) {
        counters[2 * label] = 0;
        counters[2 * label + 1] = __builtin_bswap64(block++);
      }
      x[i] = Vector::load(counters) ^ Vector::all(schedule.keys[0]);
    }
    for (int round = 1; round < kRounds; round++) {
      const Vector key = Vector::all(schedule.keys[round]);
      for (Vector& each : x) each = each.aes(key);
    }
    for (int i = 0; i < kAtOnce; i++) x[i].aesLast(Vector::all(schedule.keys[kRounds])).store(buffer + 4 * Vector::kLabels * i);
    const int taken = words < kWordsAtOnce - skip ? words : kWordsAtOnce - skip;
    std::memcpy(out, buffer + skip, 4 * taken);
    out += taken;
    words -= taken;
    skip = 0;
  }
}

}  // namespace
