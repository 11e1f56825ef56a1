// The bridge from Node to libtorch: every ATen operator, called by its schema. No operator is named here.
//
// A tensor is a slot: an integer that JavaScript hands out. A command (call, free, upload, read) runs at once on the
// JavaScript thread, or, after setAsync(true), in FIFO order on one engine thread; then a failed command poisons the
// slots it would have written, the error travels along with the data, and the read that needs it is rejected.
//
// Rules that keep memory safe:
// - An upload copies out of JavaScript, a read copies into it: no buffer is ever shared.
// - An operator that writes its argument first takes a private copy when the storage is shared with another slot.
// - Engine threads are joined before libtorch's own static destructors run (see NAPI_MODULE_INIT).
#include <node_api.h>

#include "blocks.h"
#include "entry.h"
#include "level.h"
#include "libraries.h"
#include "node_calls.h"
#include "reply.h"
#include "settings.h"
#include "step_graph.h"

#include <ATen/Version.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace bridge;

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

/** signature(op): how many results it has, and which arguments are tensors, lists of tensors, and written in place. */
napi_value signature(napi_env env, napi_value* a, size_t count) {
  Engine& engine = engineOf(env);
  auto index = static_cast<size_t>(count < 1 ? -1 : toInt(env, a[0], "op must be an index"));
  if (index >= engine.operators.size()) fail("unknown operator index");
  const Operator& op = *engine.operators[index];
  napi_value object, label, number;
  napi_create_object(env, &object);
  napi_create_string_utf8(env, op.label.c_str(), op.label.size(), &label);
  napi_set_named_property(env, object, "label", label);
  napi_create_int64(env, op.resultCount, &number);
  napi_set_named_property(env, object, "results", number);
  auto places = [&](const char* name, auto&& holds) {
    napi_value array;
    napi_create_array(env, &array);
    uint32_t length = 0;
    for (uint32_t i = 0; i < op.arguments.size(); i++) {
      if (!holds(op.arguments[i])) continue;
      napi_create_uint32(env, i, &number);
      napi_set_element(env, array, length++, number);
    }
    napi_set_named_property(env, object, name, array);
  };
  places("tensors", [](const Argument& x) { return x.kind == Kind::Tensor; });
  places("lists", [](const Argument& x) { return x.kind == Kind::TensorList; });
  places("written", [](const Argument& x) { return x.written; });
  return object;
}

/** call(op, result slots..., arguments...): undefined is the schema's default, null is None, a tensor is its slot. */
napi_value callOperator(napi_env env, napi_value* a, size_t count) {
  Engine& engine = engineOf(env);
  Command command;
  command.call = std::make_unique<Call>(toCall(env, engine, a, count));
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
  Command command;
  command.task = [&engine, index, t = toTensor(env, engine, a[1], toInts(env, a[2], "shape"))] {
    engine.store(index, t);
  };
  engine.submit(std::move(command));
  return nullptr;
}

napi_value readSync(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("readSync(slot)");
  Engine& engine = engineOf(env);
  int index = toSlot(env, a[0]);
  at::Tensor t;
  engine.wait([&] { t = engine.snapshot(index); });
  return toTypedArray(env, t);
}

/** scalarType(slot): the number of the tensor's at::ScalarType; waits for the queue. */
napi_value scalarType(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("scalarType(slot)");
  Engine& engine = engineOf(env);
  int index = toSlot(env, a[0]);
  at::ScalarType type;
  engine.wait([&] { type = tensorIn(engine.slot(index), index, "scalarType").scalar_type(); });
  napi_value number;
  napi_create_int32(env, static_cast<int32_t>(type), &number);
  return number;
}

/** read(slot): a promise of the values as of now, in the order of commands. */
napi_value readAsync(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("read(slot)");
  Engine& engine = engineOf(env);
  auto compute = [&engine, index = toSlot(env, a[0])] {
    at::Tensor t = engine.snapshot(index);
    // A later in-place command must not change what this read saw.
    return std::vector<at::Tensor>{t.is_alias_of(engine.slot(index).tensor) ? t.clone() : t};
  };
  return promiseOf(env, engine, compute, [](napi_env env, const auto& tensors) { return toTypedArray(env, tensors[0]); });
}

// ---------------------------------------------------------------- recorded steps

/** compile(program): its number. See `Program` in src/bridge.ts. */
napi_value compile(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("compile(program)");
  Engine& engine = engineOf(env);
  auto program = std::make_shared<Program>(toProgram(env, engine, a[0]));
  engine.wait([&] {
    for (auto& constant : program->constants) constant = engine.toDevice(constant);
    forgetPeak(engine.device());  // recording, a step needs more than it will from now on
  });
  napi_value id;
  napi_create_int64(env, engine.keep(std::make_shared<StepGraph>(std::move(program))), &id);
  return id;
}

/** replay(program, slots of the external cells, one typed array an input): a promise of the outputs' values. */
napi_value replay(napi_env env, napi_value* a, size_t count) {
  if (count < 3) fail("replay(program, externals, inputs)");
  Engine& engine = engineOf(env);
  auto program = engine.programs.find(toInt(env, a[0], "program"));
  if (program == engine.programs.end()) fail("replay: no such program");
  auto externals = toInts(env, a[1], "externals");
  std::vector<at::Tensor> inputs;
  for (napi_value values : toValues(env, a[2], "inputs")) {
    size_t length = 0;
    check(napi_get_typedarray_info(env, values, nullptr, &length, nullptr, nullptr, nullptr), "inputs");
    inputs.push_back(toTensor(env, engine, values, {static_cast<int64_t>(length)}));
  }
  auto compute = [&engine, program = program->second, externals = std::move(externals), inputs = std::move(inputs)]() mutable {
    return program->run(engine, externals, std::move(inputs));
  };
  return promiseOf(env, engine, std::move(compute), toTypedArrays);
}

/** whyNoGraph(program): the reason why its runs are not launched as a graph, empty where they are; waits for the queue. */
napi_value whyNoGraph(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("whyNoGraph(program)");
  Engine& engine = engineOf(env);
  auto program = engine.programs.find(toInt(env, a[0], "program"));
  if (program == engine.programs.end()) fail("whyNoGraph: no such program");
  std::string reason;
  engine.wait([&] { reason = program->second->reasonOn(engine.device()); });
  return textOf(env, reason);
}

/** drop(program): what is still queued of it runs. */
napi_value drop(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("drop(program)");
  engineOf(env).programs.erase(toInt(env, a[0], "program"));
  return nullptr;
}

#ifdef TFJS_TORCH_GUARD
/** overrun(bytes, offset): the fault that guarded blocks are there to find, on purpose: one byte written at an offset. */
napi_value overrun(napi_env env, napi_value* a, size_t count) {
  if (count < 2) fail("overrun(bytes, offset)");
  auto block = c10::GetAllocator(c10::kCPU)->allocate(toInt(env, a[0], "bytes"));
  static_cast<volatile char*>(block.get())[toInt(env, a[1], "offset")] = 1;
  return nullptr;
}
#endif

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

/**
 * Before libtorch computes anything.
 * @throws std::runtime_error where it had made its choice already, above the level that is forced
 */
void limitLevel() {
  const auto forced = level();
  const std::string config = at::show_config();  // the only place where every libtorch tells
  const auto uses = [&](const char* name) { return config.find(std::string("CPU capability usage: ") + name) != std::string::npos; };
  const auto taken = uses("AVX512") ? Level::avx512 : uses("AVX2") ? Level::avx2 : Level::baseline;
  if (taken > forced) fail(std::string("libtorch computes at ") + nameOf(taken) + " already, above the level " + nameOf(forced));
}

/** load(path): a library that registers operators with libtorch. */
napi_value load(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("load(path)");
  loadLibrary(toString(env, a[0], "load(path): path must be a string"));
  std::atexit(stopAll);  // again, for it to run before what the library has registered is gone
  return nullptr;
}

/** Everything that one environment needs, and the addon's functions. */
void openEnvironment(napi_env env, napi_value exports) {
  static std::once_flag once;
  std::call_once(once, [] {
    limitLevel();
    Blocks::install();
    useThreads(1);  // makes libtorch's pool of threads, which an engine thread that has just begun would else wait for
    std::atexit(stopAll);  // registered after those are there, so it runs before they are destroyed
  });
  auto owned = std::make_unique<Engine>();
  useThreads(1);
  Engine* engine = owned.get();
  check(napi_set_instance_data(env, engine, [](napi_env, void* data, void*) { delete static_cast<Engine*>(data); }, nullptr),
        "the bridge could not be opened");
  owned.release();
  { std::lock_guard<std::mutex> lock(liveMutex); live().insert(engine); }
  napi_value name;
  napi_create_string_utf8(env, "tfjs-torch replies", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, engine, finishReply,
                                  &engine->onReply);
  napi_unref_threadsafe_function(env, engine->onReply);
  napi_add_env_cleanup_hook(env, closeEnvironment, engine);
  const std::pair<const char*, napi_callback> entries[] = {
      {"load", guarded<load>},
      {"op", guarded<defineOperator>},
      {"signature", guarded<signature>},
      {"call", guarded<callOperator>},
      {"free", guarded<freeSlot>},
      {"upload", guarded<upload>},
      {"readSync", guarded<readSync>},
      {"read", guarded<readAsync>},
      {"scalarType", guarded<scalarType>},
      {"compile", guarded<compile>},
      {"replay", guarded<replay>},
      {"whyNoGraph", guarded<whyNoGraph>},
      {"drop", guarded<drop>},
      {"setAsync", guarded<settings::setAsync>},
      {"setBlocking", guarded<settings::setBlocking>},
      {"setThreads", guarded<settings::setThreads>},
      {"setDeterministic", guarded<settings::setDeterministic>},
      {"setTF32", guarded<settings::setTF32>},
      {"startCounting", guarded<settings::startCounting>},
      {"stopCounting", guarded<settings::stopCounting>},
      {"cpuLevels", guarded<settings::cpuLevels>},
      {"forgetMemoryPeak", guarded<settings::forgetMemoryPeak>},
      {"info", guarded<settings::info>},
#ifdef TFJS_TORCH_GUARD
      {"overrun", guarded<overrun>},
#endif
  };
  for (auto& [key, entry] : entries) {
    napi_value function;
    napi_create_function(env, key, NAPI_AUTO_LENGTH, entry, nullptr, &function);
    napi_set_named_property(env, exports, key, function);
  }
}

}  // namespace

NAPI_MODULE_INIT() {
  try {
    openEnvironment(env, exports);
  } catch (const std::invalid_argument& error) {
    napi_throw_error(env, "INVALID_CPU_LEVEL", error.what());
  } catch (const std::exception& error) {  // no CUDA driver that fits, for instance
    napi_throw_error(env, nullptr, messageOf(error).c_str());
  }
  return exports;
}
