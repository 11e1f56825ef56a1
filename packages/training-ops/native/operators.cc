// Operators beside ATen's, for the torch backend to call by schema: what a training step would else read and write many
// times over. Activations are float32 or bfloat16, NHWC; parameters, statistics, sums and losses are float32, and so is
// all arithmetic. The order of every sum is fixed: results depend neither on the threads nor on the processor.
#include "batch_norm.h"
#include "losses.h"
#include "masked_relu.h"
#include "units.h"
#include "update.h"

#include <torch/library.h>

TORCH_LIBRARY(training_ops, m) {
  m.def("batch_norm(Tensor x, Tensor gamma, Tensor beta, float eps) -> (Tensor, Tensor, Tensor)");
  m.def("batch_norm_relu(Tensor x, Tensor gamma, Tensor beta, Tensor? mask, float eps) -> (Tensor, Tensor, Tensor)");
  m.def("batch_norm_add_relu(Tensor x, Tensor gamma, Tensor beta, Tensor residual, Tensor? mask, float eps)"
        " -> (Tensor, Tensor, Tensor)");
  m.def("batch_norm_backward(Tensor dy, Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor variance, float eps)"
        " -> (Tensor, Tensor, Tensor)");
  m.def("batch_norm_relu_backward(Tensor dy, Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor variance,"
        " Tensor? mask, float eps) -> (Tensor, Tensor, Tensor)");
  m.def("affine_relu(Tensor x, Tensor scale, Tensor shift, Tensor? residual, Tensor? mask) -> Tensor");

  m.def("masked_relu(Tensor x, Tensor? mask) -> Tensor");
  m.def("add_masked_relu(Tensor a, Tensor b, Tensor? mask) -> Tensor");
  m.def("masked_relu_backward(Tensor dy, Tensor y, Tensor? mask) -> Tensor");
  m.def("abs_diff_sum(Tensor a, Tensor b) -> Tensor");
  m.def("neg_part_sum(Tensor z) -> Tensor");

  m.def("cross_entropy(Tensor logits, Tensor labels) -> (Tensor, Tensor)");
  m.def("divergence(Tensor teacher, Tensor student, float temperature) -> (Tensor, Tensor)");
  m.def("attention_mismatch(Tensor student, Tensor teacher) -> (Tensor, Tensor)");
  m.def("attention_mismatch_backward(Tensor dy, Tensor student, Tensor factors) -> Tensor");
  m.def("raw_mismatch(Tensor student, Tensor teacher) -> (Tensor, Tensor)");
  m.def("raw_mismatch_backward(Tensor dy, Tensor student, Tensor teacher, Tensor factors) -> Tensor");

  m.def("sgd(Tensor(a!)[] params, Tensor[] grads, Tensor(b!)[] momenta, Tensor[] patterns, int[] pattern_of,"
        " Tensor rate, float momentum, float decay, Tensor? guard) -> ()");
  m.def("all_finite(Tensor[] tensors) -> Tensor");
  m.def("commit_statistics(Tensor(a!)[] running_means, Tensor(b!)[] running_variances, Tensor[] means,"
        " Tensor[] variances, int[] counts, float decay, Tensor? guard) -> ()");
  m.def("commit_sums(Tensor(a!)[] sums, Tensor[] pending, Tensor? guard) -> ()");

  m.def("augment(Tensor images, Tensor offsets, float[] mean, float[] deviation, ScalarType dtype) -> Tensor");
  m.def("top_mask(Tensor scores, int count) -> Tensor");
}

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
