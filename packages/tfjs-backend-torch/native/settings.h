// Entry points that set how an engine computes, and tell how it does.
#pragma once
#include "counting.h"
#include "device.h"
#include "entry.h"
#include "level.h"

#include <ATen/Version.h>
#include <torch/version.h>

#include <map>
#include <string>
#include <utility>

namespace bridge::settings {

inline napi_value setAsync(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("setAsync(on)");
  Engine& engine = engineOf(env);
  if (toBool(env, a[0], "setAsync(on): on must be a boolean")) engine.start();
  else engine.drainAndJoin();
  return nullptr;
}

inline napi_value setBlocking(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("setBlocking(on)");
  engineOf(env).setBlocking(toBool(env, a[0], "setBlocking(on): on must be a boolean"));
  return nullptr;
}

inline napi_value setThreads(napi_env env, napi_value* a, size_t count) {
  int64_t threads = count < 1 ? 0 : toInt(env, a[0], "setThreads(count): count must be an integer");
  if (threads < 1 || threads > 1024) fail("setThreads(count): count must be from 1 to 1024");
  engineOf(env).setThreads(static_cast<int>(threads));
  return nullptr;
}

/** startCounting(): of the operators that libtorch runs from now on. */
inline napi_value startCounting(napi_env env, napi_value*, size_t) {
  engineOf(env).wait([] { Counting::start(); });
  return nullptr;
}

/** stopCounting(): { operators, layoutCopies }, numbers by name and by what was copied; waits for the queue. */
inline napi_value stopCounting(napi_env env, napi_value*, size_t) {
  Counting::Counts counts;
  engineOf(env).wait([&] { counts = Counting::stop(); });
  const auto toObject = [env](const std::map<std::string, int64_t>& numbers) {
    napi_value object, value;
    napi_create_object(env, &object);
    for (auto& [name, number] : numbers) {
      napi_create_int64(env, number, &value);
      napi_set_named_property(env, object, name.c_str(), value);
    }
    return object;
  };
  napi_value object;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "operators", toObject(counts.operators));
  napi_set_named_property(env, object, "layoutCopies", toObject(counts.layoutCopies));
  return object;
}

inline napi_value setDeterministic(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("setDeterministic(on)");
  const bool on = toBool(env, a[0], "setDeterministic(on): on must be a boolean");
  engineOf(env).wait([on] { bridge::setDeterministic(on); });
  return nullptr;
}

/** setTF32(on): CUDA only. */
inline napi_value setTF32(napi_env env, napi_value* a, size_t count) {
  if (count < 1) fail("setTF32(on)");
  const bool on = toBool(env, a[0], "setTF32(on): on must be a boolean");
  Engine& engine = engineOf(env);
  if (!engine.device().is_cuda()) fail("setTF32(on): only CUDA has TF32, and this is the CPU");
  engine.wait([on] { setTF32OfDevice(on); });
  return nullptr;
}

/** cpuLevels(): those that this machine has, lowest first. */
inline napi_value cpuLevels(napi_env env, napi_value*, size_t) {
  napi_value array;
  napi_create_array(env, &array);
  uint32_t length = 0;
  for (auto level : machineLevels()) napi_set_element(env, array, length++, textOf(env, nameOf(level)));
  return array;
}

/** forgetMemoryPeak(); waits for the queue. */
inline napi_value forgetMemoryPeak(napi_env env, napi_value*, size_t) {
  Engine& engine = engineOf(env);
  engine.wait([&] { forgetPeak(engine.device()); });
  return nullptr;
}

/** info(): version, device, level, threads, tensors, bytes, calls; waits for the queue. */
inline napi_value info(napi_env env, napi_value*, size_t) {
  Engine& engine = engineOf(env);
  int threads = 0;
  int64_t calls = 0;
  std::pair<int64_t, int64_t> usage;
  Memory memory{};
  engine.wait([&] {
    threads = at::get_num_threads();
    usage = engine.usage();
    calls = engine.calls;
    memory = memoryOf(engine.device());
  });
  napi_value object, value;
  napi_create_object(env, &object);
  auto set = [&](const char* name, napi_value v) { napi_set_named_property(env, object, name, v); };
  napi_create_string_utf8(env, TORCH_VERSION, NAPI_AUTO_LENGTH, &value);
  set("version", value);
  napi_create_string_utf8(env, engine.device().is_cuda() ? "cuda" : "cpu", NAPI_AUTO_LENGTH, &value);
  set("device", value);
  set("cpuLevel", textOf(env, nameOf(level())));
  const std::pair<const char*, int64_t> numbers[] = {
      {"threads", threads}, {"tensors", usage.first}, {"bytes", usage.second}, {"calls", calls},
      {"allocatedBytes", memory.lent}, {"peakBytes", memory.peak}, {"heldBytes", memory.held}, {"totalBytes", memory.total}};
  for (auto& [name, number] : numbers) {
    napi_create_int64(env, number, &value);
    set(name, value);
  }
  return object;
}

}  // namespace bridge::settings
