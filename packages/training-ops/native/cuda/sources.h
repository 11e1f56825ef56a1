// The kernels' source, as this library carries it: TFJS_TORCH_SOURCES is the folder that it is compiled from.
#pragma once
#include <string>

#define TRAINING_OPS_KERNELS(NAME) \
  ".ascii \"#line 1 \\\"" NAME "\\\"\\n\"\n.incbin \"" TFJS_TORCH_SOURCES "/cuda/" NAME "\"\n"

asm(".pushsection .rodata\n"
    "training_ops_kernels:\n"
    TRAINING_OPS_KERNELS("arguments.h")
    TRAINING_OPS_KERNELS("kernels/device.cuh")
    TRAINING_OPS_KERNELS("kernels/norm.cuh")
    TRAINING_OPS_KERNELS("kernels/pointwise.cuh")
    TRAINING_OPS_KERNELS("kernels/losses.cuh")
    TRAINING_OPS_KERNELS("kernels/update.cuh")
    TRAINING_OPS_KERNELS("kernels/units.cuh")
    ".byte 0\n"
    ".popsection\n");

namespace training_ops::cuda {

extern "C" __attribute__((visibility("hidden"))) const char training_ops_kernels[];

/** What NVRTC compiles. Arguments stay in the constant memory that they arrive in. */
inline std::string kernelSource() {
  return std::string(
      "#define KERNEL(NAME, ARGUMENTS, THREADS) \\\n"
      "  extern \"C\" __global__ void __launch_bounds__(THREADS) NAME(const __grid_constant__ ARGUMENTS a)\n") +
      training_ops_kernels;
}

}  // namespace training_ops::cuda
