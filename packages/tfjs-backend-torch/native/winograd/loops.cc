// Compiled once for each level of instructions, which TFJS_TORCH_LEVEL names.
#include "products.h"

namespace winograd {

const Loops loops_at::TFJS_TORCH_LEVEL = {kRows,          kPanel,            transformFilter, convolve,
                                          transformInput, transformGradient, accumulate,      finishFilter};

}  // namespace winograd
