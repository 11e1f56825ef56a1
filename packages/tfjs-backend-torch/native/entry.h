// What every entry point of the addon begins with.
#pragma once
#include "engine.h"
#include "node_values.h"

#include <node_api.h>

namespace bridge {

inline Engine& engineOf(napi_env env) {
  void* data = nullptr;
  check(napi_get_instance_data(env, &data), "the bridge was shut down");
  return *static_cast<Engine*>(data);
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

}  // namespace bridge
