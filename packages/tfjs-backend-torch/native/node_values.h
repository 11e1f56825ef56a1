// Conversions between JavaScript's values and C++'s. Each fails with a message that names what was converted.
#pragma once
#include <node_api.h>

#include "operators.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace bridge {

[[noreturn]] inline void fail(const std::string& message) { throw std::runtime_error(message); }
inline void check(napi_status status, const char* what) { if (status != napi_ok) fail(what); }

inline int64_t toInt(napi_env env, napi_value value, const char* what) {
  double number;
  check(napi_get_value_double(env, value, &number), what);
  if (!(std::trunc(number) == number && std::abs(number) <= 9007199254740992.0)) fail(what);
  return static_cast<int64_t>(number);
}

inline int toSlot(napi_env env, napi_value value) {
  int64_t index = toInt(env, value, "a slot must be an integer");
  if (index < 0 || index > (1 << 26)) fail("slot out of range: " + std::to_string(index));
  return static_cast<int>(index);
}

inline std::string toString(napi_env env, napi_value value, const char* what) {
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), what);
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), what);
  return text;
}

inline napi_value textOf(napi_env env, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.c_str(), text.size(), &value);
  return value;
}

inline bool toBool(napi_env env, napi_value value, const char* what) {
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

inline std::vector<int64_t> toInts(napi_env env, napi_value array, const char* what) {
  return toVector<int64_t>(env, array, what, [&](napi_value v) { return toInt(env, v, what); });
}

/** An integral number stays an integer, so that `add(int32, 1)` is not promoted to float. */
inline c10::IValue toScalar(napi_env env, napi_value value, const char* what) {
  double number;
  check(napi_get_value_double(env, value, &number), what);
  bool integral = std::trunc(number) == number && std::abs(number) < 9007199254740992.0;
  if (integral && !(number == 0 && std::signbit(number))) return static_cast<int64_t>(number);
  return number;
}

inline c10::IValue toValue(napi_env env, napi_value value, const Argument& argument) {
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

}  // namespace bridge
