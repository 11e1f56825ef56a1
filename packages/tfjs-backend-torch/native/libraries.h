// Libraries of operators beside ATen's. What they register with libtorch is called by its schema, like ATen's own.
#pragma once
#include <dlfcn.h>
#include <tfjs_torch/library.h>

#include "level.h"
#include "node_values.h"

#include <mutex>
#include <set>
#include <string>

namespace bridge {

/** Loads a library, once in a process, for good. @throws std::runtime_error what the loader says */
inline void loadLibrary(const std::string& path) {
  static std::mutex mutex;
  static std::set<std::string> loaded;
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded.count(path)) return;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(dlerror());
  auto* useLevel = reinterpret_cast<decltype(&tfjs_torch_use_level)>(dlsym(library, "tfjs_torch_use_level"));
  if (useLevel) useLevel(level());
  loaded.insert(path);
}

}  // namespace bridge
