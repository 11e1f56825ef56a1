// What each level has. All levels give the same bytes, those of the package's JavaScript.
#pragma once
#include <cstdint>

namespace pi {

/**
 * A gate over slots of wires: 0 is out = a ⊕ b, 1 is out = ¬a, 2 is an AND: out = ((a ⊕ c) ∧ (b ⊕ c)) ⊕ c, 3 takes wire b of
 * input a.
 */
struct Gate {
  int32_t op, a, b, c, out;
};

/** Labels of consecutive wires, `units` of each. */
struct Input {
  const uint8_t* labels;
  int32_t wires;
};

/** A chunk of units of one circuit. */
struct Chunk {
  const Gate* gates;
  int32_t gateCount;
  int32_t slots;
  const Input* inputs;
  const int32_t* outputs;
  int32_t outputCount;
  int32_t units;
  /** Two for each AND. */
  const uint8_t* keys;
  int32_t ands;
  /** Bit slices, one for each output; zeros at first. */
  uint32_t* colors;
};

/** Of a convolution: images are [height, width, channels], filters [out, kernel, kernel, in]. */
struct Shape {
  int32_t height, width, channelsIn, channelsOut, kernel, stride, padding;
  int32_t rows() const { return (height + 2 * padding - kernel) / stride + 1; }
  int32_t columns() const { return (width + 2 * padding - kernel) / stride + 1; }
  int32_t filterSize() const { return kernel * kernel * channelsIn; }
};

/** Bytes of an AES-128 key schedule. */
constexpr int kScheduleBytes = 176;
/** Channels that a block of packed filters has, weight by weight. */
constexpr int kPackedChannels = 16;
/** Coefficients of a polynomial, and primes that their residues are of: see src/he/parameters.ts. */
constexpr int kDegree = 8192, kPrimes = 5;

struct Kernels {
  void (*garble)(const Chunk& chunk, const uint8_t* delta, uint8_t* tables);
  void (*evaluate)(const Chunk& chunk, const uint8_t* tables);
  /** Labels for 0 of the `bits` lowest bits of `units` values, wire by wire, become those of the bits, in place. */
  void (*takeBits)(uint8_t* labels, const int64_t* values, int32_t units, int32_t bits, const uint8_t* delta);
  void (*expandKeys)(const uint8_t* keys, int32_t count, uint8_t* schedules);
  /** Rows of transfers at the sender: `stride` words of each of 128 columns, from the place `position` of their streams on. */
  void (*senderRows)(const uint8_t* schedules, const uint32_t* delta, uint64_t position, const uint32_t* corrections, int32_t stride, uint32_t* rows);
  void (*receiverRows)(const uint8_t* zeros, const uint8_t* ones, uint64_t position, const uint32_t* choices, int32_t stride, uint32_t* corrections, uint32_t* rows);
  /** H(row ⊕ shift, key) of groups of `length` rows, a multiple of 32, each group with a key of its own. */
  void (*hashRows)(const uint8_t* keys, int32_t groups, int32_t length, const uint8_t* rows, const uint8_t* shift, uint8_t* out);
  /** `filters` are packed: [block of channels][weight][channel of the block]. */
  void (*convolve)(const Shape& shape, const int32_t* filters, const int64_t* image, int64_t* out);
  /** Residues of the first primes to values and back, in place. */
  void (*forward)(uint32_t* residues, int primes);
  void (*inverse)(uint32_t* values, int primes);
  /** Adds products of values to sums: of two, or of a polynomial with coefficients below 2^29 in magnitude and each of `count`. */
  void (*multiplyAdd)(uint32_t* sum, const uint32_t* a, const uint32_t* b, int primes);
  void (*multiplyPlain)(uint32_t* const* sums, const int32_t* plain, const uint32_t* const* parts, int count);
};

/** Defined where the file is compiled for the level. */
extern const Kernels avx2Kernels, vaesKernels, avx512Kernels;

}  // namespace pi
