// Compiled once for each level of the instruction set, with TFJS_TORCH_TABLE naming the table (see src/compile.ts).
#include "norm.h"
#include "pointwise.h"
#include "rows.h"

namespace tfjs_torch {
namespace {

template <class T>
constexpr MapLoops<T> mapLoops() {
  return {moments<T>, normLoops<T, Rectify::none>(), normLoops<T, Rectify::all>(), normLoops<T, Rectify::masked>(),
          maskedRelu<T>, addMaskedRelu<T>, maskedReluGradient<T>, absDiffSum<T>, negPartSum<T>, channelEnergies<T>,
          scaleRows<T>, squareSums<T>, differenceSums<T>, combine<T>, levelRow<T>};
}

}  // namespace

extern const Loops TFJS_TORCH_TABLE;
const Loops TFJS_TORCH_TABLE = {mapLoops<float>(), mapLoops<bfloat16>(), sgd, blend, allFinite};

}  // namespace tfjs_torch
