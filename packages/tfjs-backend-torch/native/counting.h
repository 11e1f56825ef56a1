// Which operators libtorch runs, those within others too, and which of them only change the order of elements in memory.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace bridge {

class Counting {
 public:
  struct Counts { std::map<std::string, int64_t> operators, layoutCopies; };

  /** All environments and threads count together, from nothing. */
  static void start() {
    Counting& c = instance();
    std::lock_guard<std::mutex> lock(c.mutex_);
    c.counts_ = {};
    if (c.on_) return;
    c.on_ = true;
    c.handle_ = at::addGlobalCallback(at::RecordFunctionCallback(enter, leave).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  }

  static Counts stop() {
    Counting& c = instance();
    std::lock_guard<std::mutex> lock(c.mutex_);
    if (c.on_) at::removeCallback(c.handle_);
    c.on_ = false;
    return c.counts_;
  }

 private:
  std::mutex mutex_;
  Counts counts_;
  bool on_ = false;
  at::CallbackHandle handle_ = 0;

  static Counting& instance() {
    static auto* counting = new Counting;
    return *counting;
  }

  /** What runs on this thread: operators within operators. */
  static std::vector<std::string>& running() {
    thread_local std::vector<std::string> names;
    return names;
  }

  static void leave(const at::RecordFunction&, at::ObserverContext*) {
    if (!running().empty()) running().pop_back();
  }

  static std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& call) {
    const std::string name = call.name();
    running().push_back(name);
    std::string copied;
    if (name == "aten::copy_" && call.inputs().size() >= 2) copied = layoutCopy(call.inputs()[0], call.inputs()[1]);
    if (!copied.empty()) copied += " by " + running().front();
    Counting& c = instance();
    std::lock_guard<std::mutex> lock(c.mutex_);
    c.counts_.operators[name]++;
    if (!copied.empty()) c.counts_.layoutCopies[copied]++;
    return nullptr;
  }

  /** "float[3, 3, 16, 16]" where the copy changes neither type nor device, but the order of elements; else nothing. */
  static std::string layoutCopy(const c10::IValue& to, const c10::IValue& from) {
    if (!to.isTensor() || !from.isTensor()) return "";
    const at::Tensor &a = to.toTensor(), &b = from.toTensor();
    if (a.scalar_type() != b.scalar_type() || a.device() != b.device() || a.sizes() != b.sizes()) return "";
    if (sameOrder(a, b)) return "";
    std::ostringstream text;
    text << a.dtype().name() << a.sizes();
    return text.str();
  }

  /** Strides of dimensions of one element tell nothing. */
  static bool sameOrder(const at::Tensor& a, const at::Tensor& b) {
    for (int64_t d = 0; d < a.dim(); d++) if (a.size(d) > 1 && a.stride(d) != b.stride(d)) return false;
    return true;
  }
};

}  // namespace bridge
