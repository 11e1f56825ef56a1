// CUDA's driver, as far as it loads and launches kernels: on the device that is current and on its current stream, so
// that a CUDA graph that is captured there holds them.
//
// By its C interface, declared here: so neither CUDA's headers nor a toolkit is needed, and a machine without a GPU
// compiles this as any other.
#pragma once
#include "launch.h"
#include "nvrtc.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace training_ops::cuda {

class Driver {
 public:
  Driver() {
    const Library driver("CUDA's driver", {"libcuda.so.1"});
    driver.find(getCurrentContext_, "cuCtxGetCurrent");
    driver.find(setCurrentContext_, "cuCtxSetCurrent");
    driver.find(retainContext_, "cuDevicePrimaryCtxRetain");
    driver.find(getAttribute_, "cuDeviceGetAttribute");
    driver.find(loadModule_, "cuModuleLoadData");
    driver.find(getFunction_, "cuModuleGetFunction");
    driver.find(launch_, "cuLaunchKernel");
    driver.find(getErrorString_, "cuGetErrorString");
    // libtorch's own function for libraries that are built apart, with a C interface since 2.2.
    Library("libtorch", {"libtorch_cuda.so"}).find(getStream_, "aoti_torch_get_current_cuda_stream");
  }

  /** As 90 for 9.0. */
  int capabilityOf(int device) const {
    int major = 0, minor = 0;
    check(getAttribute_(&major, 75, device), "ask for the compute capability");
    check(getAttribute_(&minor, 76, device), "ask for the compute capability");
    return 10 * major + minor;
  }

  /** libtorch works in each device's primary context; a thread that has not asked CUDA for anything yet has none. */
  void useContextOf(int device) const {
    void* context = nullptr;
    check(getCurrentContext_(&context), "ask for the context");
    if (context) return;
    check(retainContext_(&context, device), "retain the context");
    check(setCurrentContext_(context), "set the context");
  }

  void* load(const std::string& image) const {
    void* module = nullptr;
    check(loadModule_(&module, image.data()), "load the kernels");
    return module;
  }

  void* functionOf(void* module, const std::string& name) const {
    void* function = nullptr;
    check(getFunction_(&function, module, name.c_str()), "find " + name);
    return function;
  }

  void launch(void* function, const std::string& name, Grid grid, int threads, const void* arguments,
              int device) const {
    void* stream = nullptr;
    if (getStream_(device, &stream) != 0)
      throw KernelError("libtorch tells no stream of device " + std::to_string(device));
    void* parameters[] = {const_cast<void*>(arguments)};
    check(launch_(function, static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y), 1, threads, 1, 1, 0, stream,
                  parameters, nullptr),
          "launch " + name);
  }

 private:
  int (*getCurrentContext_)(void**);
  int (*setCurrentContext_)(void*);
  int (*retainContext_)(void**, int);
  int (*getAttribute_)(int*, int, int);
  int (*loadModule_)(void**, const void*);
  int (*getFunction_)(void**, void*, const char*);
  int (*launch_)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
  int (*getErrorString_)(int, const char**);
  int (*getStream_)(int32_t, void**);

  void check(int status, const std::string& action) const {
    if (status == 0) return;
    const char* text = nullptr;
    getErrorString_(status, &text);
    throw KernelError("CUDA cannot " + action + ": " + (text ? text : "error " + std::to_string(status)));
  }
};

/** The kernels on each device, compiled once for each architecture when the first of them is launched. */
class Kernels {
 public:
  static Kernels& ofProcess() {
    static Kernels kernels;
    return kernels;
  }

  void launch(const std::string& name, Grid grid, int threads, const void* arguments) {
    const int device = c10::impl::VirtualGuardImpl(c10::kCUDA).getDevice().index();
    driver_.useContextOf(device);
    driver_.launch(functionOf(device, name), name, grid, threads, arguments, device);
  }

 private:
  Driver driver_;
  std::mutex mutex_;
  std::map<int, std::string> images_;                          // by compute capability
  std::map<int, void*> modules_;                               // by device
  std::map<std::pair<int, std::string>, void*> functions_;     // by device and name

  void* functionOf(int device, const std::string& name) {
    std::lock_guard<std::mutex> lock(mutex_);
    void*& function = functions_[{device, name}];
    if (!function) function = driver_.functionOf(moduleOf(device), name);
    return function;
  }

  void* moduleOf(int device) {
    void*& module = modules_[device];
    if (!module) module = driver_.load(imageFor(driver_.capabilityOf(device)));
    return module;
  }

  const std::string& imageFor(int capability) {
    std::string& image = images_[capability];
    if (!image.empty()) return image;
    // The first is libtorch's own, and brings the NVRTC that libtorch was built with.
    const Library library("NVRTC", {"libcaffe2_nvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12"});
    image = Nvrtc(library).compile(capability, kernelSource()).image;
    return image;
  }
};

}  // namespace training_ops::cuda
