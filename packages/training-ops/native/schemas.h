// What the operators are called and take. A device's operators are registered for these.
#pragma once
#include <torch/library.h>

namespace training_ops {

inline void defineSchemas(torch::Library& m) {
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

}  // namespace training_ops
