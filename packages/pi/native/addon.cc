// The kernels for Node, by level: functions over typed arrays whose sizes the package's TypeScript has agreed on, and which
// are checked here again, since a wrong one would write beyond its memory.
#include <node_api.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.h"

namespace {

template <typename T>
struct Array {
  T* data;
  size_t length;
};

/** The arguments of a call from JavaScript. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) { napi_get_cb_info(env, info, &count_, values_, nullptr, &data_); }

  const pi::Kernels& kernels() const { return *static_cast<const pi::Kernels*>(data_); }

  int32_t number(size_t i) const {
    int32_t value = 0;
    if (i >= count_ || napi_get_value_int32(env_, values_[i], &value) != napi_ok) throw std::invalid_argument("a number is due");
    return value;
  }

  uint64_t place(size_t i) const {
    double value = -1;
    if (i >= count_ || napi_get_value_double(env_, values_[i], &value) != napi_ok || value < 0) throw std::invalid_argument("a place is due");
    return static_cast<uint64_t>(value);
  }

  template <typename T>
  Array<T> array(size_t i) const {
    if (i >= count_) throw std::invalid_argument("a typed array is due");
    return arrayOf<T>(values_[i]);
  }

  /** Of so many elements. */
  template <typename T>
  T* array(size_t i, size_t length) const {
    const Array<T> found = array<T>(i);
    if (found.length != length)
      throw std::invalid_argument("argument " + std::to_string(i) + " has " + std::to_string(found.length) + " elements where " + std::to_string(length) + " are due");
    return found.data;
  }

  std::vector<Array<int32_t>> arrays(size_t i) const {
    uint32_t length = 0;
    if (i >= count_ || napi_get_array_length(env_, values_[i], &length) != napi_ok) throw std::invalid_argument("a list of arrays is due");
    std::vector<Array<int32_t>> found(length);
    for (uint32_t at = 0; at < length; at++) {
      napi_value element;
      napi_get_element(env_, values_[i], at, &element);
      found[at] = arrayOf<int32_t>(element);
    }
    return found;
  }

 private:
  template <typename T>
  Array<T> arrayOf(napi_value value) const {
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr) != napi_ok) throw std::invalid_argument("a typed array is due");
    const size_t bytes = type == napi_uint8_array ? 1 : type == napi_int32_array ? 4 : type == napi_bigint64_array ? 8 : 0;
    if (bytes != sizeof(T)) throw std::invalid_argument("a typed array of another kind is due");
    return {static_cast<T*>(data), length};
  }

  napi_env env_;
  size_t count_ = 12;
  napi_value values_[12];
  void* data_;
};

/** What a chunk of units is given as: gates, slots, inputs' labels, outputs, units, keys, colors. */
struct GivenChunk {
  std::vector<pi::Input> inputs;
  pi::Chunk chunk;
};

void requireSlots(const int32_t* slots, size_t count, int32_t end) {
  for (size_t i = 0; i < count; i++)
    if (slots[i] < 0 || slots[i] >= end) throw std::invalid_argument("there is no such slot");
}

void requireWire(const pi::Gate& gate, const std::vector<pi::Input>& inputs) {
  if (gate.a < 0 || gate.a >= static_cast<int32_t>(inputs.size()) || gate.b < 0 || gate.b >= inputs[gate.a].wires)
    throw std::invalid_argument("no input has such a wire");
}

GivenChunk chunkOf(const Arguments& given) {
  const auto gates = given.array<int32_t>(0);
  const int32_t slots = given.number(1);
  const auto labels = given.arrays(2);
  const auto outputs = given.array<int32_t>(3);
  const int32_t units = given.number(4);
  const auto keys = given.array<uint8_t>(5);
  if (units < 1 || slots < 1 || gates.length % 5 != 0 || keys.length % 32 != 0) throw std::invalid_argument("this is no chunk");
  GivenChunk found{};
  for (const auto& input : labels) {
    const size_t wires = input.length / 4 / units;
    if (input.length != wires * 4 * units) throw std::invalid_argument("labels of another number are due");
    found.inputs.push_back({reinterpret_cast<const uint8_t*>(input.data), static_cast<int32_t>(wires)});
  }
  requireSlots(outputs.data, outputs.length, slots);
  const auto* gate = reinterpret_cast<const pi::Gate*>(gates.data);
  const auto count = static_cast<int32_t>(gates.length / 5);
  int32_t ands = 0;
  for (int32_t i = 0; i < count; i++) {
    if (gate[i].op == 3) requireWire(gate[i], found.inputs);
    else requireSlots(&gate[i].a, 3, slots);
    requireSlots(&gate[i].out, 1, slots);
    if (gate[i].op == 2) ands++;
  }
  if (keys.length != 32 * static_cast<size_t>(ands)) throw std::invalid_argument("two keys for each AND are due");
  const size_t words = outputs.length * ((static_cast<size_t>(units) + 31) / 32);
  auto* colors = reinterpret_cast<uint32_t*>(given.array<int32_t>(6, words));
  const auto outputCount = static_cast<int32_t>(outputs.length);
  found.chunk = {gate, count, slots, found.inputs.data(), outputs.data, outputCount, units, keys.data, ands, colors};
  return found;
}

size_t tableBytes(const pi::Chunk& chunk) { return 32 * static_cast<size_t>(chunk.ands) * chunk.units; }

void garble(const Arguments& given) {
  const GivenChunk found = chunkOf(given);
  const auto* delta = reinterpret_cast<const uint8_t*>(given.array<int32_t>(7, 4));
  given.kernels().garble(found.chunk, delta, given.array<uint8_t>(8, tableBytes(found.chunk)));
}

void evaluate(const Arguments& given) {
  const GivenChunk found = chunkOf(given);
  given.kernels().evaluate(found.chunk, given.array<uint8_t>(7, tableBytes(found.chunk)));
}

/** labels, values, bits, delta */
void takeBits(const Arguments& given) {
  const auto values = given.array<int64_t>(1);
  const int32_t bits = given.number(2);
  if (bits < 0 || bits > 64) throw std::invalid_argument("0 to 64 bits are due");
  auto* labels = reinterpret_cast<uint8_t*>(given.array<int32_t>(0, 4 * static_cast<size_t>(bits) * values.length));
  const auto* delta = reinterpret_cast<const uint8_t*>(given.array<int32_t>(3, 4));
  given.kernels().takeBits(labels, values.data, static_cast<int32_t>(values.length), bits, delta);
}

/** keys, schedules */
void expandKeys(const Arguments& given) {
  const auto keys = given.array<uint8_t>(0);
  if (keys.length % 16 != 0) throw std::invalid_argument("keys have 16 bytes");
  const size_t count = keys.length / 16;
  given.kernels().expandKeys(keys.data, static_cast<int32_t>(count), given.array<uint8_t>(1, count * pi::kScheduleBytes));
}

constexpr size_t kColumns = 128;

uint32_t* words(const Arguments& given, size_t i, size_t count) { return reinterpret_cast<uint32_t*>(given.array<int32_t>(i, count)); }

/** schedules, delta, position, corrections, rows */
void senderRows(const Arguments& given) {
  const auto* schedules = given.array<uint8_t>(0, kColumns * pi::kScheduleBytes);
  const size_t stride = given.array<int32_t>(3).length / kColumns;
  const auto* corrections = words(given, 3, stride * kColumns);
  given.kernels().senderRows(schedules, words(given, 1, 4), given.place(2), corrections, static_cast<int32_t>(stride), words(given, 4, stride * kColumns));
}

/** schedules for 0, for 1, position, choices, corrections, rows */
void receiverRows(const Arguments& given) {
  const auto* zeros = given.array<uint8_t>(0, kColumns * pi::kScheduleBytes);
  const auto* ones = given.array<uint8_t>(1, kColumns * pi::kScheduleBytes);
  const size_t stride = given.array<int32_t>(3).length;
  given.kernels().receiverRows(zeros, ones, given.place(2), words(given, 3, stride), static_cast<int32_t>(stride), words(given, 4, stride * kColumns), words(given, 5, stride * kColumns));
}

/** keys, rows, shift, out */
void hashRows(const Arguments& given) {
  const auto keys = given.array<uint8_t>(0);
  const auto rows = given.array<int32_t>(1);
  const size_t groups = keys.length / 16;
  if (groups == 0 || keys.length % 16 != 0 || rows.length % (128 * groups) != 0) throw std::invalid_argument("groups of 32 rows or more are due");
  const auto* shift = reinterpret_cast<const uint8_t*>(given.array<int32_t>(2, 4));
  auto* out = reinterpret_cast<uint8_t*>(given.array<int32_t>(3, rows.length));
  const auto length = static_cast<int32_t>(rows.length / 4 / groups);
  given.kernels().hashRows(keys.data, static_cast<int32_t>(groups), length, reinterpret_cast<const uint8_t*>(rows.data), shift, out);
}

/** shape, packed filters, image, out */
void convolve(const Arguments& given) {
  const int32_t* of = given.array<int32_t>(0, 7);
  const pi::Shape shape{of[0], of[1], of[2], of[3], of[4], of[5], of[6]};
  for (int i = 0; i < 6; i++)
    if (of[i] < 1) throw std::invalid_argument("this is no shape");
  if (shape.padding < 0 || shape.height + 2 * shape.padding < shape.kernel || shape.width + 2 * shape.padding < shape.kernel) throw std::invalid_argument("this is no shape");
  const size_t blocks = (static_cast<size_t>(shape.channelsOut) + pi::kPackedChannels - 1) / pi::kPackedChannels;
  const auto* filters = given.array<int32_t>(1, blocks * pi::kPackedChannels * shape.filterSize());
  const auto* image = given.array<int64_t>(2, static_cast<size_t>(shape.height) * shape.width * shape.channelsIn);
  given.kernels().convolve(shape, filters, image, given.array<int64_t>(3, static_cast<size_t>(shape.rows()) * shape.columns() * shape.channelsOut));
}

/** How many primes an array has residues of polynomials of. */
int primesOf(size_t length) {
  if (length == 0 || length % pi::kDegree != 0 || length > pi::kDegree * pi::kPrimes) throw std::invalid_argument("residues of whole polynomials are due");
  return static_cast<int>(length / pi::kDegree);
}

/** residues */
void forward(const Arguments& given) {
  const auto residues = given.array<int32_t>(0);
  given.kernels().forward(reinterpret_cast<uint32_t*>(residues.data), primesOf(residues.length));
}

/** values */
void inverse(const Arguments& given) {
  const auto values = given.array<int32_t>(0);
  given.kernels().inverse(reinterpret_cast<uint32_t*>(values.data), primesOf(values.length));
}

/** sum, a, b */
void multiplyAdd(const Arguments& given) {
  const size_t length = given.array<int32_t>(0).length;
  const int primes = primesOf(length);
  given.kernels().multiplyAdd(words(given, 0, length), words(given, 1, length), words(given, 2, length), primes);
}

/** sums, plain, parts */
void multiplyPlain(const Arguments& given) {
  const auto sums = given.arrays(0), parts = given.arrays(2);
  if (sums.size() != parts.size()) throw std::invalid_argument("a sum for each part is due");
  std::vector<uint32_t*> to;
  std::vector<const uint32_t*> from;
  for (size_t i = 0; i < sums.size(); i++) {
    if (primesOf(sums[i].length) != pi::kPrimes || primesOf(parts[i].length) != pi::kPrimes) throw std::invalid_argument("residues of all primes are due");
    to.push_back(reinterpret_cast<uint32_t*>(sums[i].data));
    from.push_back(reinterpret_cast<const uint32_t*>(parts[i].data));
  }
  given.kernels().multiplyPlain(to.data(), given.array<int32_t>(1, pi::kDegree), from.data(), static_cast<int>(to.size()));
}

template <void (*kFunction)(const Arguments&)>
napi_value called(napi_env env, napi_callback_info info) {
  try {
    kFunction(Arguments(env, info));
  } catch (const std::exception& error) {
    napi_throw_range_error(env, nullptr, error.what());
  }
  return nullptr;
}

/** Functions of a level under its name. */
void offer(napi_env env, napi_value exports, const char* level, const pi::Kernels& kernels) {
  napi_value functions;
  napi_create_object(env, &functions);
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, const_cast<pi::Kernels*>(&kernels), &function);
    napi_set_named_property(env, functions, name, function);
  };
  add("garble", called<garble>);
  add("evaluate", called<evaluate>);
  add("takeBits", called<takeBits>);
  add("expandKeys", called<expandKeys>);
  add("senderRows", called<senderRows>);
  add("receiverRows", called<receiverRows>);
  add("hashRows", called<hashRows>);
  add("convolve", called<convolve>);
  add("forward", called<forward>);
  add("inverse", called<inverse>);
  add("multiplyAdd", called<multiplyAdd>);
  add("multiplyPlain", called<multiplyPlain>);
  napi_set_named_property(env, exports, level, functions);
}

/** Offers the levels that the processor has. */
napi_value start(napi_env env, napi_value exports) {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("aes")) return exports;
  offer(env, exports, "avx2", pi::avx2Kernels);
  if (!__builtin_cpu_supports("vaes")) return exports;
  offer(env, exports, "vaes", pi::vaesKernels);
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) offer(env, exports, "avx512", pi::avx512Kernels);
#endif
  return exports;
}

}  // namespace

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) { return start(env, exports); }
