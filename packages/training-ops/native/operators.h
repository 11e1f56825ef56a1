// Every operator of schemas.h, by what computes it in the namespace where this stands: each device has a function of that name.
#pragma once

#define IMPLEMENT_OPERATORS(m) \
  m.impl("batch_norm", batchNorm); \
  m.impl("batch_norm_relu", batchNormRelu); \
  m.impl("batch_norm_add_relu", batchNormAddRelu); \
  m.impl("batch_norm_backward", batchNormBackward); \
  m.impl("batch_norm_relu_backward", batchNormReluBackward); \
  m.impl("affine_relu", affineRelu); \
  m.impl("masked_relu", maskedRelu); \
  m.impl("add_masked_relu", addMaskedRelu); \
  m.impl("masked_relu_backward", maskedReluBackward); \
  m.impl("abs_diff_sum", absDiffSum); \
  m.impl("neg_part_sum", negPartSum); \
  m.impl("cross_entropy", crossEntropy); \
  m.impl("divergence", divergence); \
  m.impl("attention_mismatch", attentionMismatch); \
  m.impl("attention_mismatch_backward", attentionMismatchBackward); \
  m.impl("raw_mismatch", rawMismatch); \
  m.impl("raw_mismatch_backward", rawMismatchBackward); \
  m.impl("sgd", sgd); \
  m.impl("all_finite", allFinite); \
  m.impl("commit_statistics", commitStatistics); \
  m.impl("commit_sums", commitSums); \
  m.impl("augment", augment); \
  m.impl("top_mask", topMask);
