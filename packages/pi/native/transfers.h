// Correlated oblivious transfer: 128 columns of key stream become rows, a label each.
#pragma once
#include <vector>

#include "aes.h"
#include "kernels.h"

namespace {

constexpr int kColumns = 128;
/** Words of each column that are made and turned together. */
constexpr int kTurned = 64;

/** Transposes a 32 × 32 bit matrix in each lane (Warren, Hacker's Delight, §7-3). */
inline void transpose32(Vector (&x)[32]) {
  uint32_t mask = 0x0000ffff;
  for (int width = 16; width > 0; width >>= 1) {
    const Vector masks = Vector::words(mask);
    for (int k = 0; k < 32; k = (k + width + 1) & ~width) {
      const Vector swapped = (x[k].shiftRight(width) ^ x[k + width]) & masks;
      x[k + width] = x[k + width] ^ swapped;
      x[k] = x[k] ^ swapped.shiftLeft(width);
    }
    mask ^= mask << (width >> 1);
  }
}

/** Bit j of row i is bit i of column j: columns of kTurned words to the rows of the first `words` of them. */
inline void turn(const uint32_t* columns, int words, uint32_t* rows) {
  for (int group = 0; group < words; group += Vector::kWords) {
    Vector turned[4][32];
    for (int word = 0; word < 4; word++) {
      for (int i = 0; i < 32; i++) turned[word][i] = Vector::load(columns + (32 * word + i) * kTurned + group);
      transpose32(turned[word]);
    }
    for (int i = 0; i < 32; i++) {
      const Vector low = turned[0][i].lowWords(turned[1][i]), lowNext = turned[2][i].lowWords(turned[3][i]);
      const Vector high = turned[0][i].highWords(turned[1][i]), highNext = turned[2][i].highWords(turned[3][i]);
      const Vector ofLanes[4] = {low.lowHalves(lowNext), low.highHalves(lowNext), high.lowHalves(highNext), high.highHalves(highNext)};
      alignas(64) uint32_t labels[4][Vector::kWords];
      for (int lane = 0; lane < 4; lane++) ofLanes[lane].store(labels[lane]);
      for (int g = 0; g < Vector::kWords && group + g < words; g++)
        storeBlock(rows + 4 * (32 * (group + g) + i), loadBlock(labels[g % 4] + 4 * (g / 4)));
    }
  }
}


/** Schedules lie in JavaScript's memory, whose arrays of some size are aligned to 16 bytes; a copy is so in any case. */
struct Schedules {
  Schedule of[kColumns];
  explicit Schedules(const uint8_t* from) { std::memcpy(of, from, sizeof(of)); }
};

void senderRows(const uint8_t* schedules, const uint32_t* delta, uint64_t position, const uint32_t* corrections, int32_t stride, uint32_t* rows) {
  const Schedules columns(schedules);
  alignas(64) static thread_local uint32_t made[kColumns * kTurned];
  for (int from = 0; from < stride; from += kTurned) {
    const int words = stride - from < kTurned ? stride - from : kTurned;
    for (int column = 0; column < kColumns; column++) {
      uint32_t* at = made + column * kTurned;
      keystream(columns.of[column], position + from, words, at);
      const uint32_t chosen = 0u - ((delta[column >> 5] >> (column & 31)) & 1);
      const uint32_t* correction = corrections + static_cast<size_t>(column) * stride + from;
      for (int i = 0; i < words; i++) at[i] ^= chosen & correction[i];
    }
    turn(made, words, rows + 128 * static_cast<size_t>(from));
  }
}

void receiverRows(const uint8_t* zeros, const uint8_t* ones, uint64_t position, const uint32_t* choices, int32_t stride, uint32_t* corrections, uint32_t* rows) {
  const Schedules columns(zeros), others(ones);
  alignas(64) static thread_local uint32_t made[kColumns * kTurned];
  for (int from = 0; from < stride; from += kTurned) {
    const int words = stride - from < kTurned ? stride - from : kTurned;
    for (int column = 0; column < kColumns; column++) {
      uint32_t* at = made + column * kTurned;
      uint32_t* correction = corrections + static_cast<size_t>(column) * stride + from;
      keystream(columns.of[column], position + from, words, at);
      keystream(others.of[column], position + from, words, correction);
      for (int i = 0; i < words; i++) correction[i] ^= at[i] ^ choices[from + i];
    }
    turn(made, words, rows + 128 * static_cast<size_t>(from));
  }
}

void hashRows(const uint8_t* keys, int32_t groups, int32_t length, const uint8_t* rows, const uint8_t* shift, uint8_t* out) {
  constexpr int kHashedRows = 8;
  std::vector<Schedule> schedules(groups);
  expandKeys(keys, groups, schedules.data());
  const Vector shifts = Vector::all(loadBlock(shift));
  const size_t bytes = 16 * static_cast<size_t>(length);
  for (const Schedule& schedule : schedules) {
    for (size_t at = 0; at < bytes; at += kHashedRows * sizeof(Vector)) {
      Vector x[kHashedRows], sigma[kHashedRows];
      for (int i = 0; i < kHashedRows; i++) {
        sigma[i] = (Vector::load(rows + at + i * sizeof(Vector)) ^ shifts).sigma();
        x[i] = sigma[i] ^ Vector::all(schedule.keys[0]);
      }
      for (int round = 1; round < kRounds; round++) {
        const Vector key = Vector::all(schedule.keys[round]);
        for (Vector& each : x) each = each.aes(key);
      }
      const Vector last = Vector::all(schedule.keys[kRounds]);
      for (int i = 0; i < kHashedRows; i++) (x[i].aesLast(last) ^ sigma[i]).store(out + at + i * sizeof(Vector));
    }
    rows += bytes;
    out += bytes;
  }
}

}  // namespace
