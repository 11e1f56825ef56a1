// Half-gates, a few units of a chunk at a time through the whole circuit: their wires stay in the second cache, and only
// tables stream by.
#pragma once
#include <cstdlib>
#include <vector>

#include "aes.h"
#include "kernels.h"

namespace {

/** Units that go through the circuit together: some 70 wires of 1 KiB, beside which lie 66 KiB of key schedules. */
constexpr int kUnits = 64;
constexpr int kWireBytes = kUnits * 16;
constexpr int kTableBytes = kUnits * 32;

/** What lies far apart, gate by gate and wire by wire, no prefetcher of the processor's expects. */
inline void prefetch(const uint8_t* from, int bytes) {
  for (int i = 0; i < bytes; i += 64) _mm_prefetch(reinterpret_cast<const char*>(from + i), _MM_HINT_T0);
}

/** The wires of kUnits units, by slot; secrets, which are not wiped. */
class Desk {
 public:
  explicit Desk(const pi::Chunk& chunk) : chunk_(chunk), schedules_(2 * chunk.ands), wires_(64 + static_cast<size_t>(chunk.slots) * kWireBytes) {
    expandKeys(chunk.keys, 2 * chunk.ands, schedules_.data());
    const auto address = reinterpret_cast<uintptr_t>(wires_.data());
    base_ = wires_.data() + (64 - address % 64) % 64;
  }

  uint8_t* at(int slot) { return base_ + static_cast<size_t>(slot) * kWireBytes; }
  const Schedule& schedule(int i) const { return schedules_[i]; }

  void begin() { std::memset(at(0), 0, kWireBytes); } // the constant 0

  /** A wire of an input, of the units from `first` on. */
  void take(const pi::Gate& gate, int first, int units) {
    const pi::Input& input = chunk_.inputs[gate.a];
    const uint8_t* labels = input.labels + 16 * (static_cast<size_t>(gate.b) * chunk_.units + first);
    if (gate.b + 1 < input.wires) prefetch(labels + 16 * static_cast<size_t>(chunk_.units), 16 * units);
    std::memcpy(at(gate.out), labels, 16 * units);
  }

  void takeColors(int first, int units) {
    const int stride = (chunk_.units + 31) / 32;
    for (int i = 0; i < chunk_.outputCount; i++) {
      const uint8_t* labels = at(chunk_.outputs[i]);
      uint32_t* words = chunk_.colors + static_cast<size_t>(i) * stride + first / 32;
      for (int unit = 0; unit < units; unit++) words[unit >> 5] |= static_cast<uint32_t>(labels[16 * unit] & 1) << (unit & 31);
    }
  }

 private:
  const pi::Chunk& chunk_;
  std::vector<Schedule> schedules_;
  std::vector<uint8_t> wires_;
  uint8_t* base_;
};

/** out = a ⊕ b, where b's labels are `step` bytes apart: 0 for one label. */
inline void xorWires(uint8_t* out, const uint8_t* a, const uint8_t* b) {
  for (int i = 0; i < kWireBytes; i += sizeof(Vector)) (Vector::load(a + i) ^ Vector::load(b + i)).store(out + i);
}

inline void xorLabel(uint8_t* out, const uint8_t* a, Vector label) {
  for (int i = 0; i < kWireBytes; i += sizeof(Vector)) (Vector::load(a + i) ^ label).store(out + i);
}

/** Vectors whose hashes are computed side by side, under each of two keys: eight rounds in flight. */
constexpr int kHashed = 4;

struct Wires {
  uint8_t* out;
  const uint8_t *a, *b, *c;
};

inline void evaluateAnd(const Wires& wires, const uint8_t* table, const Schedule& ofA, const Schedule& ofB) {
  constexpr int kStep = kHashed * sizeof(Vector);
  for (int i = 0; i < kWireBytes; i += kStep) {
    Vector a[kHashed], sigmaA[kHashed], hashA[kHashed], colorB[kHashed], sigmaB[kHashed], hashB[kHashed];
    for (int j = 0; j < kHashed; j++) {
      const int at = i + j * static_cast<int>(sizeof(Vector));
      const Vector shift = Vector::load(wires.c + at);
      a[j] = Vector::load(wires.a + at) ^ shift;
      const Vector b = Vector::load(wires.b + at) ^ shift;
      colorB[j] = b.color();
      hashA[j] = sigmaA[j] = a[j].sigma();
      hashB[j] = sigmaB[j] = b.sigma();
    }
    encryptPairs(ofA, ofB, hashA, hashB);
    for (int j = 0; j < kHashed; j++) {
      const int at = i + j * static_cast<int>(sizeof(Vector));
      Vector generator, evaluator;
      Vector::loadTable(table + 2 * at, generator, evaluator);
      const Vector half = hashA[j] ^ sigmaA[j] ^ (a[j].color() & generator);
      const Vector other = hashB[j] ^ sigmaB[j] ^ (colorB[j] & (evaluator ^ a[j]));
      (half ^ other ^ Vector::load(wires.c + at)).store(wires.out + at);
    }
  }
}

struct Delta {
  Vector label, sigma;
};

inline void garbleAnd(const Wires& wires, uint8_t* table, const Schedule& ofA, const Schedule& ofB, const Delta& delta) {
  constexpr int kCount = kHashed / 2;
  constexpr int kStep = kCount * sizeof(Vector);
  for (int i = 0; i < kWireBytes; i += kStep) {
    Vector a[kCount], colorB[kCount], sigmaA[kCount], sigmaB[kCount], hashA[2 * kCount], hashB[2 * kCount];
    for (int j = 0; j < kCount; j++) {
      const int at = i + j * static_cast<int>(sizeof(Vector));
      const Vector shift = Vector::load(wires.c + at);
      a[j] = Vector::load(wires.a + at) ^ shift;
      const Vector b = Vector::load(wires.b + at) ^ shift;
      colorB[j] = b.color();
      hashA[j] = sigmaA[j] = a[j].sigma();
      hashB[j] = sigmaB[j] = b.sigma();
      hashA[kCount + j] = sigmaA[j] ^ delta.sigma; // σ(x ⊕ Δ) = σ(x) ⊕ σ(Δ)
      hashB[kCount + j] = sigmaB[j] ^ delta.sigma;
    }
    encryptPairs(ofA, ofB, hashA, hashB);
    for (int j = 0; j < kCount; j++) {
      const int at = i + j * static_cast<int>(sizeof(Vector));
      const Vector zeroA = hashA[j] ^ sigmaA[j], zeroB = hashB[j] ^ sigmaB[j];
      const Vector oneA = hashA[kCount + j] ^ sigmaA[j] ^ delta.sigma, oneB = hashB[kCount + j] ^ sigmaB[j] ^ delta.sigma;
      const Vector generator = zeroA ^ oneA ^ (colorB[j] & delta.label);
      const Vector difference = zeroB ^ oneB;
      Vector::storeTable(table + 2 * at, generator, difference ^ a[j]);
      const Vector halves = zeroA ^ (a[j].color() & generator) ^ zeroB ^ (colorB[j] & difference);
      (halves ^ Vector::load(wires.c + at)).store(wires.out + at);
    }
  }
}

/** Calls `gates` for the chunk's units, kUnits at a time: with the first, and how many count. */
template <typename Gates>
void inPieces(const pi::Chunk& chunk, Desk& desk, Gates gates) {
  for (int first = 0; first < chunk.units; first += kUnits) {
    const int units = chunk.units - first < kUnits ? chunk.units - first : kUnits;
    desk.begin();
    gates(first, units);
    desk.takeColors(first, units);
  }
}

void evaluate(const pi::Chunk& chunk, const uint8_t* tables) {
  Desk desk(chunk);
  alignas(64) uint8_t last[kTableBytes] = {};
  inPieces(chunk, desk, [&](int first, int units) {
    const uint8_t* table = tables + 32 * static_cast<size_t>(first);
    int ands = 0;
    for (const pi::Gate* gate = chunk.gates; gate < chunk.gates + chunk.gateCount; gate++) {
      if (gate->op == 3) {
        desk.take(*gate, first, units);
        continue;
      }
      uint8_t *out = desk.at(gate->out), *a = desk.at(gate->a);
      if (gate->op == 0) xorWires(out, a, desk.at(gate->b));
      else if (gate->op == 1) std::memmove(out, a, kWireBytes); // the garbler has changed which label is 0's
      else {
        const uint8_t* from = table;
        if (ands + 1 < chunk.ands) prefetch(table + 32 * static_cast<size_t>(chunk.units), 32 * units);
        if (units < kUnits) from = static_cast<uint8_t*>(std::memcpy(last, table, 32 * units));
        evaluateAnd({out, a, desk.at(gate->b), desk.at(gate->c)}, from, desk.schedule(2 * ands), desk.schedule(2 * ands + 1));
        table += 32 * static_cast<size_t>(chunk.units);
        ands++;
      }
    }
  });
}

void garble(const pi::Chunk& chunk, const uint8_t* deltaLabel, uint8_t* tables) {
  Desk desk(chunk);
  const Vector label = Vector::all(loadBlock(deltaLabel));
  const Delta delta{label, label.sigma()};
  alignas(64) uint8_t last[kTableBytes];
  inPieces(chunk, desk, [&](int first, int units) {
    uint8_t* table = tables + 32 * static_cast<size_t>(first);
    int ands = 0;
    for (const pi::Gate* gate = chunk.gates; gate < chunk.gates + chunk.gateCount; gate++) {
      if (gate->op == 3) {
        desk.take(*gate, first, units);
        continue;
      }
      uint8_t *out = desk.at(gate->out), *a = desk.at(gate->a);
      if (gate->op == 0) xorWires(out, a, desk.at(gate->b));
      else if (gate->op == 1) xorLabel(out, a, delta.label);
      else {
        uint8_t* to = units < kUnits ? last : table;
        garbleAnd({out, a, desk.at(gate->b), desk.at(gate->c)}, to, desk.schedule(2 * ands), desk.schedule(2 * ands + 1), delta);
        if (units < kUnits) std::memcpy(table, last, 32 * units);
        table += 32 * static_cast<size_t>(chunk.units);
        ands++;
      }
    }
  });
}

void takeBits(uint8_t* labels, const int64_t* values, int32_t units, int32_t bits, const uint8_t* deltaLabel) {
  const Block delta = loadBlock(deltaLabel);
  for (int wire = 0; wire < bits; wire++)
    for (int unit = 0; unit < units; unit++, labels += 16) {
      const auto bit = static_cast<int64_t>((static_cast<uint64_t>(values[unit]) >> wire) & 1);
      storeBlock(labels, _mm_xor_si128(loadBlock(labels), _mm_and_si128(_mm_set1_epi64x(-bit), delta)));
    }
}

}  // namespace
