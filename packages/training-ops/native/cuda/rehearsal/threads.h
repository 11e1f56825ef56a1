// A grid of blocks of threads on one CPU thread, for the kernels' own source: blocks one after the other, the threads of
// a block as coroutines that run until they end or wait for each other. What CUDA has built in is defined here.
//
// It is honest about what goes wrong between threads: they run forwards to one barrier and backwards to the next, so that
// a result which depends on their order is seen, and where some threads wait at a barrier that others never come to, it
// says so. It knows nothing of speed.
#pragma once
#include "../arguments.h"
#include "coroutine.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace rehearsal {

struct Index { unsigned x, y; };

/** Of the thread that runs. */
inline thread_local Index threadIdx, blockIdx, gridDim;

/** The threads of a block. */
class Block {
 public:
  Block(int threads, const std::function<void()>& kernel) : kernel_(kernel), threads_(threads) {
    while (coroutines().size() < threads_.size()) coroutines().push_back(std::make_unique<Coroutine>());
  }

  ~Block() {
    running() = nullptr;
    if (alive_ > 0) coroutines().clear();  // they are in the middle of something
  }

  /** Runs all threads to their end. @throws std::logic_error where they would wait for ever */
  void run() {
    running() = this;
    for (bool forwards = true; alive_ > 0; forwards = !forwards) {
      for (int k = 0; k < size(); k++) resume(forwards ? k : size() - 1 - k);
      if (failure_) std::rethrow_exception(failure_);
      release();
    }
  }

  /** Whether threads have waited for each other. */
  bool waited() const { return waited_; }

  static Block& current() {
    if (!running()) throw std::logic_error("a block waits at a barrier where the first one of its grid had none");
    return *running();
  }
  static Block*& running() {
    static thread_local Block* block;
    return block;
  }

  void waitForBlock() { wait(State::atBlock); }

  /** Gives `value` to the warp, and takes what its thread `lane` gave. */
  template <class T>
  T exchange(T value, int lane) {
    static_assert(sizeof(T) <= sizeof(double));
    const int at = at_;
    const bool odd = threads_[at].exchanges++ % 2;
    std::memcpy(threads_[at].given[odd], &value, sizeof value);
    wait(State::atWarp);
    T taken;
    std::memcpy(&taken, threads_[at / kWarp * kWarp + lane].given[odd], sizeof taken);
    return taken;
  }
  int lane() const { return at_ % kWarp; }

 private:
  static constexpr int kWarp = training_ops::cuda::kWarp;
  enum class State { ready, atWarp, atBlock, ended };
  struct Thread {
    State state = State::ready;
    int exchanges = 0;
    char given[2][sizeof(double)];
  };

  const std::function<void()>& kernel_;
  std::vector<Thread> threads_;
  int alive_ = static_cast<int>(threads_.size()), at_ = 0;
  bool waited_ = false;
  std::exception_ptr failure_;
  const std::function<void()> body_ = [this] { runThread(); };

  static std::vector<std::unique_ptr<Coroutine>>& coroutines() {
    static thread_local std::vector<std::unique_ptr<Coroutine>> all;
    return all;
  }

  int size() const { return static_cast<int>(threads_.size()); }

  void runThread() {
    const int at = at_;
    try { kernel_(); } catch (...) { failure_ = std::current_exception(); }
    threads_[at].state = State::ended;
    alive_--;
  }

  void resume(int i) {
    if (threads_[i].state != State::ready) return;
    at_ = i;
    threadIdx = {static_cast<unsigned>(i), 0};
    coroutines()[i]->resume(body_);
  }

  void wait(State state) {
    waited_ = true;
    threads_[at_].state = state;
    coroutines()[at_]->pause();
  }

  /** Lets those go on whose whole warp, or whole block, has come. A thread that ended never comes. */
  void release() {
    bool ready = false;
    for (int first = 0; first < size(); first += kWarp)
      ready |= releaseWhere(first, std::min(first + kWarp, size()), State::atWarp);
    if (!ready && alive_ > 0 && !releaseWhere(0, size(), State::atBlock))
      throw std::logic_error("some threads of a block wait at a barrier that others never come to");
  }

  bool releaseWhere(int first, int end, State state) {
    for (int i = first; i < end; i++) if (threads_[i].state != state) return false;
    for (int i = first; i < end; i++) threads_[i].state = State::ready;
    return true;
  }
};

/** A kernel by its name, which announces itself when the library is loaded. */
struct Kernel {
  int threads;
  void (*run)(const void* arguments);
  static std::map<std::string, Kernel>& all() {
    static std::map<std::string, Kernel> kernels;
    return kernels;
  }
  Kernel(const char* name, int threads, void (*run)(const void*)) : threads(threads), run(run) {
    all().insert({name, *this});
  }
};

inline void launch(const std::string& name, int64_t x, int64_t y, int threads, const void* arguments) {
  const auto found = Kernel::all().find(name);
  if (found == Kernel::all().end()) throw std::logic_error("there is no kernel " + name);
  if (found->second.threads != threads) throw std::logic_error(name + " has another number of threads");
  const std::function<void()> kernel = [&] { found->second.run(arguments); };
  gridDim = {static_cast<unsigned>(x), static_cast<unsigned>(y)};
  bool waits = true;
  for (int64_t i = 0; i < x * y; i++) {
    blockIdx = {static_cast<unsigned>(i % x), static_cast<unsigned>(i / x)};
    if (waits) {
      Block block(threads, kernel);
      block.run();
      waits = block.waited();
    } else {  // threads that do not wait need no stacks of their own
      for (int k = 0; k < threads; k++) {
        threadIdx = {static_cast<unsigned>(i % 2 ? k : threads - 1 - k), 0};
        kernel();
      }
    }
  }
}

}  // namespace rehearsal

#define __device__
#define __shared__ static thread_local
#define KERNEL(NAME, ARGUMENTS, THREADS)                             \
  inline void NAME(const ARGUMENTS& a);                              \
  const ::rehearsal::Kernel kernel_##NAME(#NAME, THREADS, [](const void* a) { \
    NAME(*static_cast<const ARGUMENTS*>(a));                         \
  });                                                                \
  inline void NAME(const ARGUMENTS& a)

namespace training_ops::cuda::kernels {

using rehearsal::blockIdx;
using rehearsal::gridDim;
using rehearsal::threadIdx;
using std::fabs;
using std::min;
using std::sqrt;

struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }

inline float __uint_as_float(unsigned bits) { float v; std::memcpy(&v, &bits, sizeof v); return v; }
inline unsigned __float_as_uint(float v) { unsigned bits; std::memcpy(&bits, &v, sizeof v); return bits; }

inline void __syncthreads() { rehearsal::Block::current().waitForBlock(); }
template <class T>
T __shfl_down_sync(unsigned, T value, int by) {
  auto& block = rehearsal::Block::current();
  return block.exchange(value, block.lane() + by < kWarp ? block.lane() + by : block.lane());
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int by) {
  auto& block = rehearsal::Block::current();
  return block.exchange(value, block.lane() ^ by);
}
inline unsigned atomicAdd(unsigned* place, unsigned value) { return (*place += value) - value; }

}  // namespace training_ops::cuda::kernels
