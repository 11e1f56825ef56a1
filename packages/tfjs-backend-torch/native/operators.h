// ATen operators as the bridge calls them: by schema. No operator is named here.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <string>
#include <vector>

namespace bridge {

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

inline Kind kindOf(const c10::TypePtr& type) {
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

inline at::Tensor viewIn(const at::Tensor& t, uint8_t view) {
  switch (view) {
    case kNHWC: return t.dim() == 5 ? t.permute({0, 4, 1, 2, 3}) : t.permute({0, 3, 1, 2});
    case kHWIO: return t.dim() == 5 ? t.permute({4, 3, 0, 1, 2}) : t.permute({3, 2, 0, 1});
    default: return t;
  }
}

inline at::Tensor viewOut(const at::Tensor& t, uint8_t view) {
  switch (view) {
    case kNHWC: return t.dim() == 5 ? t.permute({0, 2, 3, 4, 1}) : t.permute({0, 2, 3, 1});
    case kHWIO: return t.dim() == 5 ? t.permute({2, 3, 4, 1, 0}) : t.permute({2, 3, 1, 0});
    default: return t;
  }
}

}  // namespace bridge
