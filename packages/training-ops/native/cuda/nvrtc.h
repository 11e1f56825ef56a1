// Compiles the kernels for a GPU, by NVRTC, which every libtorch with CUDA brings.
//
// Its interface is declared here: PyTorch's wheels bring the library, and neither its header nor ATen's that wraps it. So
// this is compiled, and held against a real NVRTC, on machines without CUDA, too.
#pragma once
#include "library.h"
#include "sources.h"

#include <algorithm>
#include <string>
#include <vector>

namespace training_ops::cuda {

class Nvrtc {
 public:
  explicit Nvrtc(const Library& library) {
    library.find(createProgram_, "nvrtcCreateProgram");
    library.find(compileProgram_, "nvrtcCompileProgram");
    library.find(destroyProgram_, "nvrtcDestroyProgram");
    library.find(getLogSize_, "nvrtcGetProgramLogSize");
    library.find(getLog_, "nvrtcGetProgramLog");
    library.find(getCubinSize_, "nvrtcGetCUBINSize");
    library.find(getCubin_, "nvrtcGetCUBIN");
    library.find(getPtxSize_, "nvrtcGetPTXSize");
    library.find(getPtx_, "nvrtcGetPTX");
    library.find(countArchitectures_, "nvrtcGetNumSupportedArchs");
    library.find(getArchitectures_, "nvrtcGetSupportedArchs");
    library.find(errorString_, "nvrtcGetErrorString");
  }

  struct Compiled {
    std::string image;  // what the driver loads
    std::string log;
  };

  /**
   * Compiles for compute capability `capability`, as 90 for 9.0; for one that this NVRTC is too old for, to code that the
   * driver compiles further. `further` are more parameters. @throws KernelError with the compiler's log
   */
  Compiled compile(int capability, const std::string& source, const std::vector<std::string>& further = {}) const {
    const auto known = architectures();
    const bool exact = std::find(known.begin(), known.end(), capability) != known.end();
    const std::string target = exact ? "sm_" + std::to_string(capability)
                                     : "compute_" + std::to_string(latestOf(known, capability));
    std::vector<std::string> options{"--gpu-architecture=" + target, "--std=c++17", "--fmad=false"};
    options.insert(options.end(), further.begin(), further.end());
    std::vector<const char*> parameters;
    for (const auto& option : options) parameters.push_back(option.c_str());

    void* program = nullptr;
    check(createProgram_(&program, source.c_str(), "training_ops.cu", 0, nullptr, nullptr), target);
    const int status = compileProgram_(program, static_cast<int>(parameters.size()), parameters.data());
    const std::string log = textOf(program, getLogSize_, getLog_).c_str();  // without the 0 that it ends with
    std::string image;
    if (status == 0) image = exact ? textOf(program, getCubinSize_, getCubin_) : textOf(program, getPtxSize_, getPtx_);
    destroyProgram_(&program);
    check(status, target, log);
    return {image, log};
  }

 private:
  int (*createProgram_)(void**, const char*, const char*, int, const char* const*, const char* const*);
  int (*compileProgram_)(void*, int, const char* const*);
  int (*destroyProgram_)(void**);
  int (*getLogSize_)(void*, size_t*);
  int (*getLog_)(void*, char*);
  int (*getCubinSize_)(void*, size_t*);
  int (*getCubin_)(void*, char*);
  int (*getPtxSize_)(void*, size_t*);
  int (*getPtx_)(void*, char*);
  int (*countArchitectures_)(int*);
  int (*getArchitectures_)(int*);
  const char* (*errorString_)(int);

  std::vector<int> architectures() const {
    int count = 0;
    check(countArchitectures_(&count), "any GPU");
    std::vector<int> known(count);
    check(getArchitectures_(known.data()), "any GPU");
    return known;
  }

  static int latestOf(const std::vector<int>& known, int capability) {
    int latest = 0;
    for (int each : known) if (each <= capability) latest = std::max(latest, each);
    if (latest == 0)
      throw KernelError("NVRTC compiles for no GPU as old as compute capability " + std::to_string(capability));
    return latest;
  }

  static std::string textOf(void* program, int (*size)(void*, size_t*), int (*get)(void*, char*)) {
    size_t bytes = 0;
    size(program, &bytes);
    std::string text(bytes, '\0');
    if (bytes > 0) get(program, text.data());
    return text;
  }

  void check(int status, const std::string& target, const std::string& log = "") const {
    if (status == 0) return;
    const std::string why = " (" + std::string(errorString_(status)) + ")";
    throw KernelError("the kernels of training_ops do not compile for " + target + why, log);
  }
};

}  // namespace training_ops::cuda
