// The operators on CUDA, by name.
#pragma once
#include "losses.h"
#include "norm.h"
#include "pointwise.h"
#include "units.h"
#include "update.h"
#include "../operators.h"

#include <torch/library.h>

namespace training_ops::cuda {

inline void implementOperators(torch::Library& m) { IMPLEMENT_OPERATORS(m) }

}  // namespace training_ops::cuda
