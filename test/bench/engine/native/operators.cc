// What a core can do at most, to set the engine's kernels beside.
#include <ATen/core/Tensor.h>
#include <ATen/ops/scalar_tensor.h>
#include <tfjs_torch/library.h>
#include <torch/library.h>

#include "multiply_add.h"

namespace machine {
namespace {

const MultiplyAdd* chosen = &multiply_add_at::baseline;

at::Tensor multiplyAdd(int64_t rounds, bool bfloat16) {
  const double operations = (bfloat16 ? chosen->inBfloat16 : chosen->inFloat32)(rounds);
  return at::scalar_tensor(operations, at::TensorOptions(at::kFloat));
}

}  // namespace
}  // namespace machine

void tfjs_torch_use_level(tfjs_torch::Level level) {
  using namespace machine;
#ifdef __x86_64__
  chosen = level == tfjs_torch::Level::avx512 ? &multiply_add_at::avx512
           : level == tfjs_torch::Level::avx2 ? &multiply_add_at::avx2
                                              : &multiply_add_at::baseline;
#endif
}

TORCH_LIBRARY(machine, m) { m.def("multiply_add(int rounds, bool bfloat16) -> Tensor"); }
TORCH_LIBRARY_IMPL(machine, CompositeExplicitAutograd, m) { m.impl("multiply_add", machine::multiplyAdd); }
