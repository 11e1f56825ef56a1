// The slots of one Node environment, and the queue of commands on them.
#pragma once
#include <node_api.h>

#include "device.h"
#include "invoke.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/view_as_real.h>
#include <c10/core/InferenceMode.h>
#include <omp.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bridge {

class StepGraph;  // step_graph.h

// A producer that is further ahead waits. A ResNet-20 training step is about 2,000 commands, half of them frees.
constexpr size_t kMaxQueued = 4096;

struct Command {
  std::unique_ptr<Call> call;       // a call,
  int freed = -1;                   // a slot to free,
  std::function<void()> task;       // or anything rarer
};

/** For this thread. Wheels bring an OpenMP of their own, to which libtorch speaks; what is compiled here has the system's. */
inline void useThreads(int count) {
  at::set_num_threads(count);
  omp_set_num_threads(count);
}

/** `t` as contiguous CPU memory, in float32, int32 or bool; `t` itself where it already is. */
inline at::Tensor hostCopy(at::Tensor t) {
  t = t.to(c10::kCPU);
  if (t.is_complex()) t = at::view_as_real(t.resolve_conj());  // pairs of floats
  if (t.is_floating_point()) t = t.to(at::kFloat);
  else if (t.scalar_type() != at::kBool) t = t.to(at::kInt);
  return t.contiguous();
}

class Engine {
 public:
  Engine() : device_(at::hasCUDA() ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU)) {
    openDevice(device_);
  }
  ~Engine() { stop(); }

  c10::Device device() const { return device_; }
  std::vector<std::unique_ptr<Operator>> operators;
  napi_threadsafe_function onReply = nullptr;
  int pendingReplies = 0;  // JavaScript thread only

  /** Runs the command now, or queues it. Now means that its error is thrown here. */
  void submit(Command command) {
    if (!thread_.joinable() || blocking_) {
      wait([&] { execute(command); });
      return;
    }
    queue(std::move(command));
  }

  /** While on, commands for the engine thread are waited for. JavaScript thread only. */
  void setBlocking(bool on) { blocking_ = on; }

  /** Runs `task` after all earlier commands and waits for it. */
  void wait(const std::function<void()>& task) {
    if (!thread_.joinable()) {
      c10::InferenceMode guard;
      task();
      return;
    }
    std::mutex m;
    std::condition_variable cv;
    bool done = false;
    std::exception_ptr failure;
    Command command;
    command.task = [&] {
      try { task(); } catch (...) { failure = std::current_exception(); }
      std::lock_guard<std::mutex> lock(m);
      done = true;
      cv.notify_one();
    };
    queue(std::move(command));
    std::unique_lock<std::mutex> lock(m);
    cv.wait(lock, [&] { return done; });
    if (failure) std::rethrow_exception(failure);
  }

  void start() {
    if (thread_.joinable()) return;
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
  }

  /** Finishes the queue, then runs commands on the JavaScript thread again. */
  void drainAndJoin() {
    if (!thread_.joinable()) return;
    wait([] {});
    stop();
  }

  /** Ends the engine thread after the command it is running; what is still queued is dropped. */
  void stop() {
    if (!thread_.joinable()) return;
    { std::lock_guard<std::mutex> lock(mutex_); stopping_ = true; }
    notEmpty_.notify_one();
    thread_.join();
    queue_.clear();
  }

  /** OpenMP keeps the count per thread: it must be set on the thread that computes. */
  void setThreads(int count) {
    threads_ = count;
    wait([count] { useThreads(count); });
  }

  Slot& slot(int index) {
    if (static_cast<size_t>(index) >= slots_.size()) slots_.resize(index + 1024);
    return slots_[index];
  }

  /** Puts host memory into a slot; where the device has no room for it, the slot is poisoned. */
  void store(int index, const at::Tensor& values) {
    Slot& s = slot(index);
    try {
      s.tensor = toDevice(values);
      s.error.reset();
    } catch (const std::exception& error) {
      s.tensor.reset();
      std::ostringstream text;
      text << "upload: " << messageOf(error) << " (" << values.dtype().name() << values.sizes() << ')';
      s.error = std::make_shared<const std::string>(text.str());
    }
  }

  /** On CUDA the copy is queued and this returns at once: the caching host allocator keeps pinned memory until then. */
  at::Tensor toDevice(at::Tensor t) const { return t.to(device_, /*non_blocking=*/true); }

  /** The slot's tensor as contiguous CPU memory, in float32, int32 or bool. */
  at::Tensor snapshot(int index) {
    return hostCopy(tensorIn(slot(index), index, "read"));
  }

  /** Recorded steps by number; JavaScript thread only. */
  std::map<int64_t, std::shared_ptr<StepGraph>> programs;
  int64_t keep(std::shared_ptr<StepGraph> program) {
    programs.emplace(++lastProgram_, std::move(program));
    return lastProgram_;
  }

  int64_t calls = 0;
  std::pair<int64_t, int64_t> usage() const {  // tensors, bytes (a storage shared by two slots counts twice)
    int64_t tensors = 0, bytes = 0;
    for (auto& s : slots_) if (s.tensor.defined()) { tensors++; bytes += static_cast<int64_t>(s.tensor.nbytes()); }
    return {tensors, bytes};
  }

 private:
  c10::Device device_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable notEmpty_, notFull_;
  std::deque<Command> queue_;
  std::thread thread_;
  bool stopping_ = false;
  bool blocking_ = false;
  int threads_ = 1;
  int64_t lastProgram_ = 0;

  void queue(Command command) {
    std::unique_lock<std::mutex> lock(mutex_);
    notFull_.wait(lock, [&] { return queue_.size() < kMaxQueued; });
    queue_.push_back(std::move(command));
    if (queue_.size() == 1) notEmpty_.notify_one();
  }

  void run() {
    c10::InferenceMode guard;
    useThreads(threads_);
    for (;;) {
      std::deque<Command> batch;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        notEmpty_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        batch.swap(queue_);
      }
      notFull_.notify_one();
      for (auto& command : batch) {
        executeOrPoison(command);
        command = Command();  // lets go of an uploaded tensor now, not at the end of the batch
        if (stopRequested()) return;
      }
    }
  }

  bool stopRequested() { std::lock_guard<std::mutex> lock(mutex_); return stopping_; }

  /** @throws std::runtime_error that names the operator; its tensors stay as they were */
  void execute(Command& command) {
    if (command.freed >= 0) { slot(command.freed) = Slot(); return; }
    if (command.task) { command.task(); return; }
    Call& call = *command.call;
    auto slotAt = [this](int index) -> Slot& { return slot(index); };
    try {
      calls++;
      invoke(call, std::move(call.values), slotAt);
    } catch (const std::exception& error) {
      throw std::runtime_error(failureOf(call, error, slotAt));
    }
  }

  /** The error goes into the slots that the command would have written. */
  void executeOrPoison(Command& command) {
    try {
      execute(command);
    } catch (const std::exception& error) {
      if (command.call) poison(*command.call, std::make_shared<const std::string>(error.what()));
    }
  }

  void poison(const Call& call, const std::shared_ptr<const std::string>& error) {
    auto mark = [&](int index) { Slot& s = slot(index); s.tensor.reset(); s.error = error; };
    for (size_t i = 0; i < call.op->resultCount; i++) if (call.results[i] >= 0) mark(call.results[i]);
    for (auto& [argument, index] : call.tensors) if (call.op->arguments[argument].written) mark(index);
    for (auto& [argument, indices] : call.lists) {
      if (call.op->arguments[argument].written) for (int index : indices) mark(index);
    }
  }
};

}  // namespace bridge
