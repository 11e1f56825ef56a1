// Calls and programs as JavaScript describes them.
#pragma once
#include "arrays.h"
#include "program.h"

#include <utility>
#include <vector>

namespace bridge {

/** Adds argument `i`, given as `value`, to the call. No value takes the schema's default. */
inline void addArgument(napi_env env, Call& call, uint32_t i, napi_value value) {
  const Argument& argument = call.op->arguments[i];
  napi_valuetype type = napi_undefined;
  if (value) napi_typeof(env, value, &type);
  call.values.emplace_back();  // None, and where a tensor will be
  if (type == napi_null) return;
  if (type == napi_undefined) {
    if (!argument.hasDefault) fail("is required");
    call.values.back() = argument.fallback;
  } else if (argument.kind == Kind::Tensor) {
    call.tensors.emplace_back(i, toSlot(env, value));
  } else if (argument.kind == Kind::TensorList) {
    auto toSlots = [&](napi_value v) { return toSlot(env, v); };
    call.lists.emplace_back(i, toVector<int>(env, value, "must be an array of slots", toSlots));
  } else {
    call.values.back() = toValue(env, value, argument);
  }
}

/** The call that `a` describes: op, result slots..., arguments... */
inline Call toCall(napi_env env, const Engine& engine, const napi_value* a, size_t count) {
  if (count == 0) fail("call(op, ...)");
  auto index = static_cast<size_t>(toInt(env, a[0], "op must be an index"));
  if (index >= engine.operators.size()) fail("unknown operator index");
  const Operator& op = *engine.operators[index];
  if (count < 1 + op.resultCount || count > 1 + op.resultCount + op.arguments.size()) {
    fail(op.label + ": wrong number of arguments");
  }
  Call call{&op, {}, {}, {}, {}};
  size_t next = 1;
  for (size_t i = 0; i < op.resultCount; i++, next++) {
    int64_t slot = toInt(env, a[next], "a result slot must be an integer");
    call.results[i] = slot < 0 ? -1 : toSlot(env, a[next]);
  }
  call.values.reserve(op.arguments.size() + op.resultCount);
  for (uint32_t i = 0; i < op.arguments.size(); i++, next++) {
    try {
      addArgument(env, call, i, next < count ? a[next] : nullptr);
    } catch (const std::exception& error) {
      fail(op.label + ": argument '" + op.arguments[i].name + "': " + messageOf(error));
    }
  }
  return call;
}

inline napi_value property(napi_env env, napi_value object, const char* name) {
  napi_value value;
  check(napi_get_named_property(env, object, name, &value), name);
  return value;
}

inline std::vector<napi_value> toValues(napi_env env, napi_value array, const char* what) {
  return toVector<napi_value>(env, array, what, [](napi_value v) { return v; });
}

/** See `Program` in src/bridge.ts. */
inline Program toProgram(napi_env env, const Engine& engine, napi_value value) {
  Program program;
  program.cells = toInt(env, property(env, value, "cells"), "cells");
  program.externals = toInt(env, property(env, value, "externals"), "externals");
  program.inputs = toInt(env, property(env, value, "inputs"), "inputs");
  for (napi_value constant : toValues(env, property(env, value, "constants"), "constants")) {
    auto shape = toInts(env, property(env, constant, "shape"), "shape");
    program.constants.push_back(toTensor(env, engine, property(env, constant, "values"), shape));
  }
  for (napi_value command : toValues(env, property(env, value, "commands"), "commands")) {
    auto call = toValues(env, property(env, command, "call"), "call");
    program.commands.push_back({toCall(env, engine, call.data(), call.size()),
                                 toInts(env, property(env, command, "dead"), "dead")});
  }
  for (napi_value pair : toValues(env, property(env, value, "assigned"), "assigned")) {
    program.assigned.push_back(toInts(env, pair, "assigned"));
  }
  program.outputs = toInts(env, property(env, value, "outputs"), "outputs");
  program.check();
  return program;
}

}  // namespace bridge
