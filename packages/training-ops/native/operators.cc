// Operators beside ATen's, for the torch backend to call by schema: what a training step would else read and write many
// times over. Activations are float32 or bfloat16, NHWC; parameters, statistics, sums and losses are float32, and so is
// all arithmetic. The order of every sum is fixed: results depend neither on the threads nor on the processor.
#include "batch_norm.h"
#include "losses.h"
#include "masked_relu.h"
#include "schemas.h"
#include "units.h"
#include "update.h"

TORCH_LIBRARY(training_ops, m) { training_ops::defineSchemas(m); }

TORCH_LIBRARY_IMPL(training_ops, CPU, m) {
  using namespace training_ops;
  m.impl("batch_norm", batchNorm);
  m.impl("batch_norm_relu", batchNormRelu);
  m.impl("batch_norm_add_relu", batchNormAddRelu);
  m.impl("batch_norm_backward", batchNormBackward);
  m.impl("batch_norm_relu_backward", batchNormReluBackward);
  m.impl("affine_relu", affineRelu);
  m.impl("masked_relu", maskedRelu);
  m.impl("add_masked_relu", addMaskedRelu);
  m.impl("masked_relu_backward", maskedReluBackward);
  m.impl("abs_diff_sum", absDiffSum);
  m.impl("neg_part_sum", negPartSum);
  m.impl("cross_entropy", crossEntropy);
  m.impl("divergence", divergence);
  m.impl("attention_mismatch", attentionMismatch);
  m.impl("attention_mismatch_backward", attentionMismatchBackward);
  m.impl("raw_mismatch", rawMismatch);
  m.impl("raw_mismatch_backward", rawMismatchBackward);
  m.impl("sgd", sgd);
  m.impl("all_finite", allFinite);
  m.impl("commit_statistics", commitStatistics);
  m.impl("commit_sums", commitSums);
  m.impl("augment", augment);
  m.impl("top_mask", topMask);
}
