// The operators for CUDA on a machine without it: the same code for the host, and the same kernels, on memory of the CPU.
// A library of its own, for tests; it also lets them have the kernels compiled for a GPU.
#include "faults.h"
#include "threads.h"

#include "../kernels/device.cuh"
#include "../kernels/norm.cuh"
#include "../kernels/pointwise.cuh"
#include "../kernels/losses.cuh"
#include "../kernels/update.cuh"
#include "../kernels/units.cuh"

#include "../../schemas.h"
#include "../driver.h"
#include "../implementations.h"

#include <fstream>

namespace training_ops {

const Loops& loops() { throw std::logic_error("the rehearsal has no loops for the CPU"); }

namespace cuda {

void launchKernel(const std::string& name, Grid grid, int threads, const void* arguments) {
  rehearsal::launch(name, grid.x, grid.y, threads, arguments);
}

/** What a kernel with one block makes of `out`, [kThreads]. */
inline Tensor rehearsed(std::string kernel) {
  const Tensor out = at::zeros({kThreads}, at::TensorOptions(at::kFloat));
  launch(kernel, {1}, Faulty{out.data_ptr<float>()});
  return out;
}

/**
 * Compiles a source, the kernels' where there is none, for a compute capability; writes the image to PATH.cubin, and what
 * NVRTC says of each kernel to PATH.log.
 */
inline Tensor compiled(std::string library, int64_t capability, std::string source, std::string path) {
  const Nvrtc nvrtc(Library("NVRTC", {library}));
  const auto result = nvrtc.compile(static_cast<int>(capability), source.empty() ? kernelSource() : source,
                                    {"--ptxas-options=-v"});
  std::ofstream(path + ".cubin", std::ios::binary) << result.image;
  std::ofstream(path + ".log") << result.log;
  return scalar(static_cast<double>(result.image.size()));
}

}  // namespace cuda
}  // namespace training_ops

TORCH_LIBRARY(training_ops, m) {
  training_ops::defineSchemas(m);
  m.def("rehearsed(str kernel) -> Tensor", training_ops::cuda::rehearsed);
  m.def("compiled(str library, int capability, str source, str path) -> Tensor", training_ops::cuda::compiled);
}

TORCH_LIBRARY_IMPL(training_ops, CPU, m) { training_ops::cuda::implementOperators(m); }
