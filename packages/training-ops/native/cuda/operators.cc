// The operators for a libtorch with CUDA. Their schemas are in ../operators.cc.
#include "driver.h"
#include "implementations.h"

void training_ops::cuda::launchKernel(const std::string& name, Grid grid, int threads, const void* arguments) {
  Kernels::ofProcess().launch(name, grid, threads, arguments);
}

TORCH_LIBRARY_IMPL(training_ops, CUDA, m) { training_ops::cuda::implementOperators(m); }
