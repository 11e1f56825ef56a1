// Typed arrays and tensors: a copy in either direction, so that no buffer is ever shared.
#pragma once
#include "engine.h"
#include "node_values.h"

#include <ATen/ops/empty.h>

#include <cstring>
#include <vector>

namespace bridge {

/** A copy of a Float32Array, Int32Array, or Uint8Array (bool), in memory from which the device can fetch it at once. */
inline at::Tensor toTensor(napi_env env, const Engine& engine, napi_value values, const std::vector<int64_t>& shape) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  check(napi_get_typedarray_info(env, values, &type, &length, &data, nullptr, nullptr), "upload: not a typed array");
  bool known = type == napi_float32_array || type == napi_int32_array || type == napi_uint8_array;
  if (!known) fail("upload: unsupported array type");
  auto dtype = type == napi_float32_array ? at::kFloat : type == napi_int32_array ? at::kInt : at::kBool;
  int64_t size = 1;
  for (int64_t d : shape) size *= d;
  if (size != static_cast<int64_t>(length)) fail("upload: shape does not match the number of values");
  c10::InferenceMode guard;
  at::Tensor t = at::empty(shape, at::TensorOptions(dtype).pinned_memory(engine.device().is_cuda()));
  if (length) std::memcpy(t.data_ptr(), data, t.nbytes());
  return t;
}

inline napi_value toTypedArray(napi_env env, const at::Tensor& t) {
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

inline napi_value toTypedArrays(napi_env env, const std::vector<at::Tensor>& tensors) {
  napi_value array;
  check(napi_create_array_with_length(env, tensors.size(), &array), "replay: no memory for the outputs");
  for (size_t i = 0; i < tensors.size(); i++) napi_set_element(env, array, i, toTypedArray(env, tensors[i]));
  return array;
}

}  // namespace bridge
