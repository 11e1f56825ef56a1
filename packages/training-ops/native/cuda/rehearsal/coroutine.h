// A function that pauses and goes on, on a stack of its own.
#pragma once
#include <setjmp.h>
#include <ucontext.h>

#include <functional>
#include <memory>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace rehearsal {

/** One thread's stack, which runs a function for one block after another. Switching costs no call of the kernel's. */
class Coroutine {
 public:
  /** Runs until the function ends or pauses. @param body what to run where the last run is over */
  void resume(const std::function<void()>& body) {
    body_ = &body;
    if (_setjmp(host()) != 0) return arrived();
    leaving(&hostFake(), stack_.get());
    if (begun_) _longjmp(here_, 1);
    begun_ = true;
    beginning() = this;
    getcontext(&context_);
    context_.uc_stack = {stack_.get(), 0, kStack};
    makecontext(&context_, begin, 0);
    setcontext(&context_);
  }

  /** Called by the function. */
  void pause() { switchToHost(); }

 private:
  static constexpr size_t kStack = 128 << 10;
  std::unique_ptr<char[]> stack_{new char[kStack]};
  ucontext_t context_;
  jmp_buf here_;
  bool begun_ = false;
  const std::function<void()>* body_ = nullptr;
  void* fake_ = nullptr;  // the sanitizer's, as all below

  static jmp_buf& host() { static thread_local jmp_buf place; return place; }
  static Coroutine*& beginning() { static thread_local Coroutine* coroutine; return coroutine; }
  static void*& hostFake() { static thread_local void* fake; return fake; }
  static const void*& hostStack() { static thread_local const void* stack; return stack; }
  static size_t& hostSize() { static thread_local size_t size; return size; }

  static void begin() {
    Coroutine& self = *beginning();
    for (entered(nullptr); true; self.switchToHost()) (*self.body_)();
  }

  void switchToHost() {
    if (_setjmp(here_) != 0) return entered(fake_);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_, hostStack(), hostSize());
#endif
    _longjmp(host(), 1);
  }

#ifdef __SANITIZE_ADDRESS__
  static void leaving(void** fake, const void* stack) { __sanitizer_start_switch_fiber(fake, stack, kStack); }
  static void entered(void* fake) { __sanitizer_finish_switch_fiber(fake, &hostStack(), &hostSize()); }
  static void arrived() { __sanitizer_finish_switch_fiber(hostFake(), nullptr, nullptr); }
#else
  static void leaving(void**, const void*) {}
  static void entered(void*) {}
  static void arrived() {}
#endif
};

}  // namespace rehearsal
