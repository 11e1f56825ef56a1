// Compiled once for each level of the instruction set, which TFJS_TORCH_LEVEL names.
#include "norm.h"
#include "pointwise.h"
#include "rows.h"

namespace training_ops {
namespace {

template <class T>
constexpr MapLoops<T> mapLoops() {
  return {moments<T>, normLoops<T, Rectify::none>(), normLoops<T, Rectify::all>(), normLoops<T, Rectify::masked>(),
          maskedRelu<T>, addMaskedRelu<T>, maskedReluGradient<T>, absDiffSum<T>, negPartSum<T>, channelEnergies<T>,
          scaleRows<T>, squareSums<T>, differenceSums<T>, combine<T>, levelRow<T>};
}

}  // namespace

const Loops loops_at::TFJS_TORCH_LEVEL = {mapLoops<float>(), mapLoops<bfloat16>(), sgd, blend, allFinite};

}  // namespace training_ops
