// Work that is noted once and then launched as a whole: a CUDA graph.
//
// Built where CUDA's headers are found (src/compile.ts probes). TFJS_TORCH_REHEARSE_GRAPHS builds a stand-in that keeps
// the work and does it again at each launch: so all that is around a graph is tested without a GPU.
#pragma once
#include <c10/core/Device.h>

#if defined(TFJS_TORCH_GRAPHS)

#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <exception>
#include <utility>

namespace bridge {

class Capture {
 public:
  static constexpr const char* kImpossible = "only CUDA has graphs";
  static bool possibleOn(c10::Device device) { return device.is_cuda(); }

  /** Notes what `work` asks of the device, which does nothing of it yet. @throws what `work` throws, or CUDA */
  template <class Work>
  void note(c10::Device device, Work work) {
    // Work on the default stream can't be captured. Other threads, which fetch pinned memory, may go on meanwhile.
    c10::StreamGuard guard(c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device));
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    std::exception_ptr failure;
    try { work(); } catch (...) { failure = std::current_exception(); }
    try {
      graph_.capture_end();
    } catch (...) {
      if (!failure) throw;  // else it says no more than that the capture had failed
    }
    if (failure) std::rethrow_exception(failure);
  }

  void launch() { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

}  // namespace bridge

#elif defined(TFJS_TORCH_REHEARSE_GRAPHS)

#include <cstdlib>
#include <functional>
#include <utility>

namespace bridge {

class Capture {
 public:
  static constexpr const char* kImpossible = "TFJS_TORCH_REHEARSE_GRAPHS is not set";
  static bool possibleOn(c10::Device) { return std::getenv("TFJS_TORCH_REHEARSE_GRAPHS") != nullptr; }
  template <class Work>
  void note(c10::Device, Work work) { work_ = std::move(work); }
  void launch() { work_(); }

 private:
  std::function<void()> work_;
};

}  // namespace bridge

#else

namespace bridge {

class Capture {
 public:
  static constexpr const char* kImpossible = "only CUDA has graphs, and CUDA's headers must be there when the addon is built";
  static bool possibleOn(c10::Device) { return false; }
  template <class Work>
  void note(c10::Device, Work) {}
  void launch() {}
};

}  // namespace bridge

#endif
