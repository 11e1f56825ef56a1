// Operators beside ATen's, for the torch backend to call by schema: what a training step would else read and write many
// times over. Activations are float32 or bfloat16, NHWC; parameters, statistics, sums and losses are float32, and so is
// all arithmetic. The order of every sum is fixed: results depend neither on the threads nor on the processor.
#include "batch_norm.h"
#include "losses.h"
#include "masked_relu.h"
#include "operators.h"
#include "schemas.h"
#include "units.h"
#include "update.h"

TORCH_LIBRARY(training_ops, m) { training_ops::defineSchemas(m); }

TORCH_LIBRARY_IMPL(training_ops, CPU, m) {
  using namespace training_ops;
  IMPLEMENT_OPERATORS(m)
}
