// The bridge from Node to libtorch: every ATen operator, called by its schema. No operator is named here.
//
// A tensor is a slot: an integer that JavaScript hands out. A command (call, free, upload, read) runs at once on the
// JavaScript thread, or, after setAsync(true), in FIFO order on one engine thread; then a failed command poisons the
// slots it would have written, the error travels along with the data, and the read that needs it is rejected.
//
// Rules that keep memory safe:
// - An upload copies out of JavaScript, a read copies into it: no buffer is ever shared.
// - An operator that writes its argument first takes a private copy when the storage is shared with another slot.
// - shutdown() joins the engine thread. It runs before libtorch's own static destructors (see NAPI_MODULE_INIT).
#include <node_api.h>

#include "block_cache.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/view_as_real.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <array>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

// A producer that is further ahead waits. A ResNet-20 training step is about 2,000 commands, half of them frees.
constexpr size_t kMaxQueued = 4096;
constexpr size_t kMaxResults = 8;

// ---------------------------------------------------------------- operators

enum class Kind { Tensor, TensorList, Int, Float, Scalar, Bool, String, Device, IntList, FloatList, BoolList, Other };

struct Argument {
  std::string name;
  Kind kind;
  bool written;            // the operator modifies this tensor in place
  bool hasDefault;
  c10::IValue fallback;    // used when JavaScript passes undefined
};

// A tensor keeps TensorFlow's order of dimensions; operators on images and volumes see a view in torch's order.
enum View : uint8_t { kSame = 0, kNHWC = 1, kHWIO = 2 };

struct Operator {
  std::string label;
  c10::OperatorHandle handle;
  std::vector<Argument> arguments;
  size_t resultCount;
  std::vector<uint8_t> inputViews, resultViews;
};

Kind kindOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::ScalarTypeType:
    case c10::TypeKind::LayoutType:
    case c10::TypeKind::MemoryFormatType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::NumberType: return Kind::Scalar;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    case c10::TypeKind::ListType:
      switch (kindOf(type->castRaw<c10::ListType>()->getElementType())) {
        case Kind::Tensor: return Kind::TensorList;
        case Kind::Int: return Kind::IntList;
        case Kind::Float: return Kind::FloatList;
        case Kind::Bool: return Kind::BoolList;
        default: return Kind::Other;
      }
    default: return Kind::Other;
  }
}

at::Tensor viewIn(const at::Tensor& t, uint8_t view) {
  switch (view) {
    case kNHWC: return t.dim() == 5 ? t.permute({0, 4, 1, 2, 3}) : t.permute({0, 3, 1, 2});
    case kHWIO: return t.dim() == 5 ? t.permute({4, 3, 0, 1, 2}) : t.permute({3, 2, 0, 1});
    default: return t;
  }
}

at::Tensor viewOut(const at::Tensor& t, uint8_t view) {
  switch (view) {
    case kNHWC: return t.dim() == 5 ? t.permute({0, 2, 3, 4, 1}) : t.permute({0, 2, 3, 1});
    case kHWIO: return t.dim() == 5 ? t.permute({2, 3, 4, 1, 0}) : t.permute({2, 3, 1, 0});
    default: return t;
  }
}

// ---------------------------------------------------------------- engine

struct Slot {
  at::Tensor tensor;
  std::shared_ptr<const std::string> error;  // why there is no tensor
};

struct Call {
  const Operator* op;
  std::vector<c10::IValue> values;                          // by argument; tensors are filled in when it runs
  std::vector<std::pair<uint32_t, int>> tensors;            // argument, slot
  std::vector<std::pair<uint32_t, std::vector<int>>> lists; // argument, slots
  std::array<int, kMaxResults> results;                     // slot, or -1 to drop the result
};

struct Command {
  std::unique_ptr<Call> call;       // a call,
  int freed = -1;                   // a slot to free,
  std::function<void()> task;       // or anything rarer
};

struct ReadResult {
  napi_deferred deferred = nullptr;
  at::Tensor tensor;
  std::string error;
};

std::string messageOf(const std::exception& error) {
  auto* c10Error = dynamic_cast<const c10::Error*>(&error);
  std::string text = c10Error ? c10Error->what_without_backtrace() : error.what();
  return text.substr(0, 2000);
}

class Engine {
 public:
  Engine() : device_(at::hasCUDA() ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU)) {}
  ~Engine() { stop(); }

  c10::Device device() const { return device_; }
  std::vector<std::unique_ptr<Operator>> operators;
  napi_threadsafe_function onRead = nullptr;
  int pendingReads = 0;  // JavaScript thread only

  /** Runs the command now, or queues it. Now means that its error is thrown here. */
  void submit(Command command) {
    if (!thread_.joinable()) {
      c10::InferenceMode guard;
      execute(command, /*rethrow=*/true);
      return;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    notFull_.wait(lock, [&] { return queue_.size() < kMaxQueued; });
    queue_.push_back(std::move(command));
    if (queue_.size() == 1) notEmpty_.notify_one();
  }

  /** Runs `task` after all earlier commands and waits for it. */
  void wait(const std::function<void()>& task) {
    if (!thread_.joinable()) {
      c10::InferenceMode guard;
      task();
      return;
    }
    std::mutex m;
    std::condition_variable cv;
    bool done = false;
    std::exception_ptr failure;
    Command command;
    command.task = [&] {
      try { task(); } catch (...) { failure = std::current_exception(); }
      std::lock_guard<std::mutex> lock(m);
      done = true;
      cv.notify_one();
    };
    submit(std::move(command));
    std::unique_lock<std::mutex> lock(m);
    cv.wait(lock, [&] { return done; });
    if (failure) std::rethrow_exception(failure);
  }

  void start() {
    if (thread_.joinable()) return;
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
  }

  /** Finishes the queue, then runs commands on the JavaScript thread again. */
  void drainAndJoin() {
    if (!thread_.joinable()) return;
    wait([] {});
    stop();
  }

  /** Ends the engine thread after the command it is running; what is still queued is dropped. */
  void stop() {
    if (!thread_.joinable()) return;
    { std::lock_guard<std::mutex> lock(mutex_); stopping_ = true; }
    notEmpty_.notify_one();
    thread_.join();
    queue_.clear();
  }

  /** OpenMP keeps the count per thread: it must be set on the thread that computes. */
  void setThreads(int count) {
    threads_ = count;
    wait([count] { at::set_num_threads(count); });
  }

  Slot& slot(int index) {
    if (static_cast<size_t>(index) >= slots_.size()) slots_.resize(index + 1024);
    return slots_[index];
  }

  /** The slot's tensor as contiguous CPU memory that no later command changes, in float32, int32 or bool. */
  at::Tensor snapshot(int index) {
    at::Tensor t = input(index, "read").to(c10::kCPU);
    if (t.is_complex()) t = at::view_as_real(t.resolve_conj());  // pairs of floats
    if (t.is_floating_point()) t = t.to(at::kFloat);
    else if (t.scalar_type() != at::kBool) t = t.to(at::kInt);
    return t.contiguous();
  }

  int64_t calls = 0;
  std::pair<int64_t, int64_t> usage() const {  // tensors, bytes (a storage shared by two slots counts twice)
    int64_t tensors = 0, bytes = 0;
    for (auto& s : slots_) if (s.tensor.defined()) { tensors++; bytes += static_cast<int64_t>(s.tensor.nbytes()); }
    return {tensors, bytes};
  }

 private:
  c10::Device device_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable notEmpty_, notFull_;
  std::deque<Command> queue_;
  std::thread thread_;
  bool stopping_ = false;
  int threads_ = 1;

  void run() {
    c10::InferenceMode guard;
    at::set_num_threads(threads_);
    for (;;) {
      std::deque<Command> batch;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        notEmpty_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        batch.swap(queue_);
      }
      notFull_.notify_one();
      for (auto& command : batch) {
        execute(command, /*rethrow=*/false);
        command = Command();  // lets go of an uploaded tensor now, not at the end of the batch
        if (stopRequested()) return;
      }
    }
  }

  bool stopRequested() { std::lock_guard<std::mutex> lock(mutex_); return stopping_; }

  void execute(Command& command, bool rethrow) {
    if (command.freed >= 0) { slot(command.freed) = Slot(); return; }
    if (command.task) { command.task(); return; }
    try {
      invoke(*command.call);
    } catch (const std::exception& error) {
      std::string message = messageOf(error);
      // An error that came with an input is passed on as it is: the first operator to fail is the one that is named.
      if (!dynamic_cast<const Poisoned*>(&error)) message = command.call->op->label + ": " + message;
      poison(*command.call, std::make_shared<const std::string>(message));
      if (rethrow) throw std::runtime_error(message);
    }
  }

  struct Poisoned : std::runtime_error { using std::runtime_error::runtime_error; };

  at::Tensor& input(int index, const std::string& reader) {
    Slot& s = slot(index);
    if (s.error) throw Poisoned(*s.error);
    if (!s.tensor.defined()) throw std::runtime_error(reader + ": slot " + std::to_string(index) + " holds no tensor");
    return s.tensor;
  }

  /** The slot's tensor, alone on its memory: what an operator may write to. */
  at::Tensor& exclusive(int index, const std::string& reader) {
    at::Tensor& t = input(index, reader);
    if (t.use_count() > 1 || t.storage().use_count() > 1 || !t.is_non_overlapping_and_dense()) t = t.clone();
    return t;
  }

  void invoke(Call& call) {
    const Operator& op = *call.op;
    calls++;
    for (auto& [argument, index] : call.tensors) {
      auto& t = op.arguments[argument].written ? exclusive(index, op.label) : input(index, op.label);
      call.values[argument] = viewIn(t, op.inputViews[argument]);
    }
    for (auto& [argument, indices] : call.lists) {
      c10::List<at::Tensor> list;
      list.reserve(indices.size());
      for (int index : indices) {
        list.push_back(op.arguments[argument].written ? exclusive(index, op.label) : input(index, op.label));
      }
      call.values[argument] = std::move(list);
    }
    torch::jit::Stack stack = std::move(call.values);
    op.handle.callBoxed(&stack);
    for (size_t i = 0; i < op.resultCount; i++) {
      if (call.results[i] < 0) continue;
      Slot& s = slot(call.results[i]);
      const at::Tensor& result = stack[i].toTensor();  // undefined where a backward was told not to compute it
      s.tensor = result.defined() ? viewOut(result, op.resultViews[i]) : result;
      s.error.reset();
    }
  }

  void poison(const Call& call, const std::shared_ptr<const std::string>& error) {
    auto mark = [&](int index) { Slot& s = slot(index); s.tensor.reset(); s.error = error; };
    if (!thread_.joinable()) return;  // the caller sees the error at once; its tensors stay as they were
    for (size_t i = 0; i < call.op->resultCount; i++) if (call.results[i] >= 0) mark(call.results[i]);
    for (auto& [argument, index] : call.tensors) if (call.op->arguments[argument].written) mark(index);
    for (auto& [argument, indices] : call.lists) {
      if (call.op->arguments[argument].written) for (int index : indices) mark(index);
    }
  }
};

// ---------------------------------------------------------------- Node-API

[[noreturn]] void fail(const std::string& message) { throw std::runtime_error(message); }
void check(napi_status status, const char* what) { if (status != napi_ok) fail(what); }

Engine& engineOf(napi_env env) {
  void* data = nullptr;
  check(napi_get_instance_data(env, &data), "the bridge was shut down");
  return *static_cast<Engine*>(data);
}

int64_t toInt(napi_env env, napi_value value, const char* what) {
  double number;
  check(napi_get_value_double(env, value, &number), what);
  if (!(std::trunc(number) == number && std::abs(number) <= 9007199254740992.0)) fail(what);
  return static_cast<int64_t>(number);
}

int toSlot(napi_env env, napi_value value) {
  int64_t index = toInt(env, value, "a slot must be an integer");
  if (index < 0 || index > (1 << 26)) fail("slot out of range: " + std::to_string(index));
  return static_cast<int>(index);
}

std::string toString(napi_env env, napi_value value, const char* what) {
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), what);
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), what);
  return text;
}

bool toBool(napi_env env, napi_value value, const char* what) {
  bool flag;
  check(napi_get_value_bool(env, value, &flag), what);
  return flag;
}

template <class T, class F>
std::vector<T> toVector(napi_env env, napi_value array, const char* what, F convert) {
  uint32_t length = 0;
  check(napi_get_array_length(env, array, &length), what);
  std::vector<T> items;
  items.reserve(length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value item;
    check(napi_get_element(env, array, i, &item), what);
    items.push_back(convert(item));
  }
  return items;
}

std::vector<int64_t> toInts(napi_env env, napi_value array, const char* what) {
  return toVector<int64_t>(env, array, what, [&](napi_value v) { return toInt(env, v, what); });
}

/** An integral number stays an integer, so that `add(int32, 1)` is not promoted to float. */
c10::IValue toScalar(napi_env env, napi_value value, const char* what) {
  double number;
  check(napi_get_value_double(env, value, &number), what);
  bool integral = std::trunc(number) == number && std::abs(number) < 9007199254740992.0;
  if (integral && !(number == 0 && std::signbit(number))) return static_cast<int64_t>(number);
  return number;
}

c10::IValue toValue(napi_env env, napi_value value, const Argument& argument) {
  const char* name = argument.name.c_str();
  switch (argument.kind) {
    case Kind::Int: return toInt(env, value, name);
    case Kind::Float: { double d; check(napi_get_value_double(env, value, &d), name); return d; }
    case Kind::Scalar: return toScalar(env, value, name);
    case Kind::Bool: return toBool(env, value, name);
    case Kind::String: return toString(env, value, name);
    case Kind::Device: return c10::Device(toString(env, value, name));
    case Kind::IntList: return toInts(env, value, name);
    case Kind::FloatList:
      return toVector<double>(env, value, name, [&](napi_value v) {
        double d; check(napi_get_value_double(env, v, &d), name); return d;
      });
    case Kind::BoolList: {
      c10::List<bool> list;
      auto flags = toVector<char>(env, value, name, [&](napi_value v) { return toBool(env, v, name); });
      for (char flag : flags) list.push_back(flag);
      return list;
    }
    default: fail("has a type that the bridge does not carry");
  }
}

/** Wraps an entry point: C++ exceptions become JavaScript errors. */
template <napi_value (*Entry)(napi_env, napi_value*, size_t)>
napi_value guarded(napi_env env, napi_callback_info info) {
  size_t count = 32;
  napi_value arguments[32];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  try {
    return Entry(env, arguments, count);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, messageOf(error).c_str());
    return nullptr;
  }
}

/** op(name, overload, inputViews, resultViews, written): the operator's index. */
napi_value defineOperator(napi_env env, napi_value* a, size_t count) {
  if (count < 5) fail("op(name, overload, inputViews, resultViews, written)");
  Engine& engine = engineOf(env);
  std::string name = toString(env, a[0], "name"), overload = toString(env, a[1], "overload");
  auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str());
  const auto& schema = handle.schema();
  auto views = [&](napi_value list, size_t size) {
    auto ints = toInts(env, list, "views");
    std::vector<uint8_t> codes(ints.begin(), ints.end());
    codes.resize(size, kSame);
    return codes;
  };
  auto op = std::make_unique<Operator>(Operator{overload.empty() ? name : name + "." + overload, handle, {},
      schema.returns().size(), views(a[2], schema.arguments().size()), views(a[3], schema.returns().size())});
  if (op->resultCount > kMaxResults) fail(op->label + ": too many results");
  auto extra = toInts(env, a[4], "written");
  std::set<int64_t> written(extra.begin(), extra.end());  // writes that the schema does not tell (native_batch_norm)
  for (auto& argument : schema.arguments()) {
    auto type = argument.type();
    if (auto* optional = type->castRaw<c10::OptionalType>()) type = optional->getElementType();
    bool writes = argument.alias_info() && argument.alias_info()->isWrite();
    Argument entry{argument.name(), kindOf(type), writes || written.count(op->arguments.size()) > 0,
        argument.default_value().has_value(), argument.default_value().value_or(c10::IValue())};
    // Factories (`full`, `arange`) make their tensors on the engine's device.
    if (entry.kind == Kind::Device && schema.name() != "aten::to") entry.fallback = engine.device();
    op->arguments.push_back(std::move(entry));
  }
  engine.operators.push_back(std::move(op));
  napi_value index;
  napi_create_uint32(env, engine.operators.size() - 1, &index);
  return index;
}

/** call(op, result slots..., arguments...): undefined is the schema's default, null is None, a tensor is its slot. */
napi_value callOperator(napi_env env, napi_value* a, size_t count) {
  Engine& engine = engineOf(env);
  if (count == 0) fail("call(op, ...)");
  auto index = static_cast<size_t>(toInt(env, a[0], "op must be an index"));
  if (index >= engine.operators.size()) fail("unknown operator index");
  const Operator& op = *engine.operators[index];
  size_t next = 1;
  if (count < 1 + op.resultCount || count > 1 + op.resultCount + op.arguments.size()) {
    fail(op.label + ": wrong number of arguments");
  }
  auto call = std::make_unique<Call>();
  call->op = &op;
  for (size_t i = 0; i < op.resultCount; i++, next++) {
    int64_t slot = toInt(env, a[next], "a result slot must be an integer");
    call->results[i] = slot < 0 ? -1 : toSlot(env, a[next]);
  }
  call->values.reserve(op.arguments.size() + op.resultCount);
  for (uint32_t i = 0; i < op.arguments.size(); i++, next++) {
    const Argument& argument = op.arguments[i];
    napi_valuetype type = napi_undefined;
    if (next < count) napi_typeof(env, a[next], &type);
    call->values.emplace_back();
    try {
      if (type == napi_undefined) {
        if (!argument.hasDefault) fail("is required");
        call->values.back() = argument.fallback;
      } else if (type == napi_null) {
        continue;  // None
      } else if (argument.kind == Kind::Tensor) {
        call->tensors.emplace_back(i, toSlot(env, a[next]));
      } else if (argument.kind == Kind::TensorList) {
        auto toSlots = [&](napi_value v) { return toSlot(env, v); };
        call->lists.emplace_back(i, toVector<int>(env, a[next], "must be an array of slots", toSlots));
      } else {
        call->values.back() = toValue(env, a[next], argument);
      }
    } catch (const std::exception& error) {
      fail(op.label + ": argument '" + argument.name + "': " + messageOf(error));
    }
  }
  Command command;
  command.call = std::move(call);
  engine.submit(std::move(command));
  return nullptr;
}

napi_value freeSlot(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("free(slot)");
  Command command;
  command.freed = toSlot(env, a[0]);
  engineOf(env).submit(std::move(command));
  return nullptr;
}

/** upload(slot, values, shape): Float32Array, Int32Array, or Uint8Array for bool. Copies. */
napi_value upload(napi_env env, napi_value* a, size_t count) {
  if (count < 3) fail("upload(slot, values, shape)");
  Engine& engine = engineOf(env);
  int index = toSlot(env, a[0]);
  napi_typedarray_type type;
  size_t length;
  void* data;
  check(napi_get_typedarray_info(env, a[1], &type, &length, &data, nullptr, nullptr), "upload: not a typed array");
  bool known = type == napi_float32_array || type == napi_int32_array || type == napi_uint8_array;
  if (!known) fail("upload: unsupported array type");
  auto dtype = type == napi_float32_array ? at::kFloat : type == napi_int32_array ? at::kInt : at::kBool;
  auto shape = toInts(env, a[2], "shape");
  int64_t size = 1;
  for (int64_t d : shape) size *= d;
  if (size != static_cast<int64_t>(length)) fail("upload: shape does not match the number of values");
  c10::InferenceMode guard;
  at::Tensor t = at::empty(shape, at::TensorOptions(dtype));
  if (length) std::memcpy(t.data_ptr(), data, t.nbytes());
  Command command;
  command.task = [&engine, index, t] {
    Slot& s = engine.slot(index);
    s.error.reset();
    s.tensor = t.to(engine.device());
  };
  t.reset();
  engine.submit(std::move(command));
  return nullptr;
}

napi_value toTypedArray(napi_env env, const at::Tensor& t) {
  void* data = nullptr;
  napi_value buffer, array;
  check(napi_create_arraybuffer(env, t.nbytes(), &data, &buffer), "read: no memory for the array");
  if (t.nbytes()) std::memcpy(data, t.data_ptr(), t.nbytes());
  auto type = t.scalar_type() == at::kFloat ? napi_float32_array
              : t.scalar_type() == at::kInt ? napi_int32_array
                                            : napi_uint8_array;
  check(napi_create_typedarray(env, type, t.numel(), buffer, 0, &array), "read: no memory for the array");
  return array;
}

napi_value readSync(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("readSync(slot)");
  Engine& engine = engineOf(env);
  int index = toSlot(env, a[0]);
  at::Tensor t;
  engine.wait([&] { t = engine.snapshot(index); });
  return toTypedArray(env, t);
}

/** read(slot): a promise of the values as of now, in the order of commands. */
napi_value readAsync(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("read(slot)");
  Engine& engine = engineOf(env);
  int index = toSlot(env, a[0]);
  auto* result = new ReadResult;
  napi_value promise;
  if (napi_create_promise(env, &result->deferred, &promise) != napi_ok) { delete result; fail("read: no promise"); }
  if (engine.pendingReads++ == 0) napi_ref_threadsafe_function(env, engine.onRead);
  Command command;
  command.task = [&engine, index, result] {
    try {
      at::Tensor t = engine.snapshot(index);
      // A later in-place command must not change what this read saw.
      result->tensor = t.is_alias_of(engine.slot(index).tensor) ? t.clone() : t;
    } catch (const std::exception& error) {
      result->error = messageOf(error);
    }
    if (napi_call_threadsafe_function(engine.onRead, result, napi_tsfn_nonblocking) != napi_ok) delete result;
  };
  engine.submit(std::move(command));
  return promise;
}

void finishRead(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<ReadResult> result(static_cast<ReadResult*>(data));
  if (!env) return;  // the environment is being torn down
  auto& engine = *static_cast<Engine*>(context);
  if (--engine.pendingReads == 0) napi_unref_threadsafe_function(env, engine.onRead);
  if (result->error.empty()) {
    try {
      napi_resolve_deferred(env, result->deferred, toTypedArray(env, result->tensor));
      return;
    } catch (const std::exception& error) {
      result->error = error.what();
    }
  }
  napi_value message, error;
  napi_create_string_utf8(env, result->error.c_str(), result->error.size(), &message);
  napi_create_error(env, nullptr, message, &error);
  napi_reject_deferred(env, result->deferred, error);
}

napi_value setAsync(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("setAsync(on)");
  Engine& engine = engineOf(env);
  if (toBool(env, a[0], "setAsync(on): on must be a boolean")) engine.start();
  else engine.drainAndJoin();
  return nullptr;
}

napi_value setThreads(napi_env env, napi_value* a, size_t count) {
  int64_t threads = count < 1 ? 0 : toInt(env, a[0], "setThreads(count): count must be an integer");
  if (threads < 1 || threads > 1024) fail("setThreads(count): count must be from 1 to 1024");
  engineOf(env).setThreads(static_cast<int>(threads));
  return nullptr;
}

/** info(): version, device, threads, tensors, bytes, calls; waits for the queue. */
napi_value info(napi_env env, napi_value*, size_t) {
  Engine& engine = engineOf(env);
  int threads = 0;
  int64_t calls = 0;
  std::pair<int64_t, int64_t> usage;
  engine.wait([&] { threads = at::get_num_threads(); usage = engine.usage(); calls = engine.calls; });
  napi_value object, value;
  napi_create_object(env, &object);
  auto set = [&](const char* name, napi_value v) { napi_set_named_property(env, object, name, v); };
  napi_create_string_utf8(env, TORCH_VERSION, NAPI_AUTO_LENGTH, &value);
  set("version", value);
  napi_create_string_utf8(env, engine.device().is_cuda() ? "cuda" : "cpu", NAPI_AUTO_LENGTH, &value);
  set("device", value);
  const std::pair<const char*, int64_t> numbers[] = {
      {"threads", threads}, {"tensors", usage.first}, {"bytes", usage.second}, {"calls", calls}};
  for (auto& [name, number] : numbers) {
    napi_create_int64(env, number, &value);
    set(name, value);
  }
  return object;
}

// One engine per Node environment (the main thread, each worker). At process.exit() no environment is torn down and
// static destructors run: the atexit handler ends the engine threads first, and leaves the tensors alone.
std::mutex liveMutex;
std::set<Engine*>& live() { static auto* engines = new std::set<Engine*>; return *engines; }

void stopAll() {
  std::lock_guard<std::mutex> lock(liveMutex);
  for (Engine* engine : live()) engine->stop();
}

void closeEnvironment(void* data) {
  auto* engine = static_cast<Engine*>(data);
  { std::lock_guard<std::mutex> lock(liveMutex); live().erase(engine); }
  engine->stop();  // before Node frees the thread-safe function that the engine thread calls
}

}  // namespace

NAPI_MODULE_INIT() {
  static std::once_flag once;
  std::call_once(once, [] {
    BlockCache::install();
    std::atexit(stopAll);  // registered after libtorch was loaded, so it runs before libtorch's static destructors
  });
  auto* engine = new Engine;
  at::set_num_threads(1);
  { std::lock_guard<std::mutex> lock(liveMutex); live().insert(engine); }
  napi_set_instance_data(env, engine, [](napi_env, void* data, void*) { delete static_cast<Engine*>(data); }, nullptr);
  napi_value name;
  napi_create_string_utf8(env, "tfjs-torch reads", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, engine, finishRead,
                                  &engine->onRead);
  napi_unref_threadsafe_function(env, engine->onRead);
  napi_add_env_cleanup_hook(env, closeEnvironment, engine);
  const std::pair<const char*, napi_callback> entries[] = {
      {"op", guarded<defineOperator>}, {"call", guarded<callOperator>}, {"free", guarded<freeSlot>},
      {"upload", guarded<upload>}, {"readSync", guarded<readSync>}, {"read", guarded<readAsync>},
      {"setAsync", guarded<setAsync>}, {"setThreads", guarded<setThreads>}, {"info", guarded<info>}};
  for (auto& [key, entry] : entries) {
    napi_value function;
    napi_create_function(env, key, NAPI_AUTO_LENGTH, entry, nullptr, &function);
    napi_set_named_property(env, exports, key, function);
  }
  return exports;
}
