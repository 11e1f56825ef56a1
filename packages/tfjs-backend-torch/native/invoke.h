// One operator call on tensors that lie in slots: what both the queue of commands and a recorded step consist of.
//
// An operator that writes its argument first takes a private copy when the memory is shared with another slot.
#pragma once
#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>

#include "blocks.h"
#include "operators.h"

#include <array>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bridge {

constexpr size_t kMaxResults = 8;

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

/** An input that an earlier command should have written and could not: its error is passed on as it is. */
struct Poisoned : std::runtime_error { using std::runtime_error::runtime_error; };

inline std::string messageOf(const std::exception& error) {
  auto* c10Error = dynamic_cast<const c10::Error*>(&error);
  std::string text = c10Error ? c10Error->what_without_backtrace() : error.what();
  return text.substr(0, 2000);
}

inline at::Tensor& tensorIn(Slot& slot, int index, const std::string& reader) {
  if (slot.error) throw Poisoned(*slot.error);
  if (!slot.tensor.defined()) throw std::runtime_error(reader + ": slot " + std::to_string(index) + " holds no tensor");
  return slot.tensor;
}

/** The slot's tensor, alone on its memory: what an operator may write to. */
inline at::Tensor& exclusiveIn(Slot& slot, int index, const std::string& reader) {
  at::Tensor& t = tensorIn(slot, index, reader);
  if (t.use_count() > 1 || t.storage().use_count() > 1 || !t.is_non_overlapping_and_dense()) t = t.clone();
  return t;
}

/** Fills the tensors of `call` into `values`. `slotAt` finds a slot by its index. */
template <class SlotAt>
void fillTensors(const Call& call, std::vector<c10::IValue>& values, SlotAt&& slotAt) {
  const Operator& op = *call.op;
  auto tensorFor = [&](uint32_t argument, int index) -> at::Tensor& {
    return op.arguments[argument].written ? exclusiveIn(slotAt(index), index, op.label)
                                          : tensorIn(slotAt(index), index, op.label);
  };
  for (auto& [argument, index] : call.tensors) {
    values[argument] = viewIn(tensorFor(argument, index), op.inputViews[argument]);
  }
  for (auto& [argument, indices] : call.lists) {
    c10::List<at::Tensor> list;
    list.reserve(indices.size());
    for (int index : indices) list.push_back(tensorFor(argument, index));
    values[argument] = std::move(list);
  }
}

/** Puts what the operator left on the stack into the result slots. */
template <class SlotAt>
void storeResults(const Call& call, const std::vector<c10::IValue>& stack, SlotAt&& slotAt) {
  for (size_t i = 0; i < call.op->resultCount; i++) {
    if (call.results[i] < 0) continue;
    Slot& slot = slotAt(call.results[i]);
    const at::Tensor& result = stack[i].toTensor();  // undefined where a backward was told not to compute it
    slot.tensor = result.defined() ? viewOut(result, call.op->resultViews[i]) : result;
    slot.error.reset();
  }
}

/** " (self float[2, 3], other int[4])". */
template <class SlotAt>
std::string operandsOf(const Call& call, SlotAt&& slotAt) {
  std::ostringstream text;
  const char* separator = " (";
  auto describe = [&](uint32_t argument, int index) {
    const at::Tensor& t = slotAt(index).tensor;
    if (!t.defined()) return;
    text << separator << call.op->arguments[argument].name << ' ' << t.dtype().name() << t.sizes();
    separator = ", ";
  };
  for (auto& [argument, index] : call.tensors) describe(argument, index);
  for (auto& [argument, indices] : call.lists) for (int index : indices) describe(argument, index);
  if (*separator == ',') text << ')';
  return text.str();
}

/** "aten::add.Tensor: what libtorch says (self float[2, 3], other int[4])"; a poisoned input's error as it is. */
template <class SlotAt>
std::string failureOf(const Call& call, const std::exception& error, SlotAt&& slotAt) {
  if (dynamic_cast<const Poisoned*>(&error)) return messageOf(error);
  std::ostringstream text;
  const bool full = dynamic_cast<const std::bad_alloc*>(&error) || dynamic_cast<const c10::OutOfMemoryError*>(&error);
  text << call.op->label << ": " << (full ? "out of memory" : "");
  if (!dynamic_cast<const std::bad_alloc*>(&error)) text << (full ? ": " : "") << messageOf(error);
  text << operandsOf(call, slotAt);
  return text.str();
}

/** Runs the call. `values` are the call's own where it runs once, a copy of them where it runs again. */
template <class SlotAt>
void invoke(const Call& call, std::vector<c10::IValue> values, SlotAt&& slotAt) {
#ifdef TFJS_TORCH_GUARD
  Blocks::note(call.op->label + operandsOf(call, slotAt));
#endif
  fillTensors(call, values, slotAt);
  call.op->handle.callBoxed(&values);
  storeResults(call, values, slotAt);
}

}  // namespace bridge
