// Losses, in float32 inside whatever the type of what they compare. Each also returns what its gradient needs.
#pragma once
#include "checks.h"

#include <ATen/ops/log_softmax.h>

#include <cmath>
#include <tuple>

namespace training_ops {

using Loss = std::tuple<Tensor, Tensor>;

inline Tensor scalar(double value) { return at::empty({}, at::TensorOptions(at::kFloat)).fill_(value); }

inline Tensor logits(const Tensor& t, const char* name) {
  TORCH_CHECK(t.dim() == 2 && t.numel() > 0 && t.is_floating_point(), name, " must be [batch, classes], not ",
              t.scalar_type(), " ", t.sizes());
  return t.to(at::kFloat).contiguous();
}

inline void checkLabels(const Tensor& labels, int64_t batch) {
  TORCH_CHECK(labels.dim() == 1 && labels.size(0) == batch && labels.scalar_type() == at::kInt,
              "labels must be int32 [", batch, "], not ", labels.scalar_type(), " ", labels.sizes());
}

/** Mean of −log softmax(z)[label], and its gradient by z. */
inline Loss crossEntropy(const Tensor& z, const Tensor& labels) {
  const Tensor values = logits(z, "logits");
  const int64_t batch = values.size(0), classes = values.size(1);
  checkLabels(labels, batch);
  const Tensor logProbabilities = at::log_softmax(values, 1), label = labels.contiguous();
  Tensor gradient = logProbabilities.exp();
  double loss = 0;
  for (int64_t n = 0; n < batch; n++) {
    const int32_t k = label.data_ptr<int32_t>()[n];
    TORCH_CHECK(k >= 0 && k < classes, "label ", k, " of image ", n, " is none of ", classes, " classes");
    loss -= data(logProbabilities)[n * classes + k];
    gradient.data_ptr<float>()[n * classes + k] -= 1;
  }
  return {scalar(loss / batch), gradient.div_(static_cast<double>(batch))};
}

/** T² · KL(softmax(t / T) ‖ softmax(s / T)), mean over the batch, and its gradient by s. */
inline Loss divergence(const Tensor& teacher, const Tensor& student, double temperature) {
  TORCH_CHECK(temperature > 0 && std::isfinite(temperature), "a temperature must be positive, not ", temperature);
  const Tensor t = logits(teacher, "the teacher's logits"), s = logits(student, "the student's logits");
  TORCH_CHECK(t.sizes() == s.sizes(), "logits of shapes ", t.sizes(), " and ", s.sizes());
  const Tensor logTeacher = at::log_softmax(t.div(temperature), 1), logStudent = at::log_softmax(s.div(temperature), 1);
  const Tensor teacherShare = logTeacher.exp();
  const double batch = t.size(0);
  const Tensor sum = teacherShare.mul(logTeacher.sub(logStudent)).sum();
  return {sum.mul(temperature * temperature / batch), logStudent.exp().sub_(teacherShare).mul_(temperature / batch)};
}

struct Shape { int64_t batch, positions, channels; };

inline Shape mapShape(const Tensor& t) {
  TORCH_CHECK(t.dim() == 4 && t.numel() > 0, "activations must be [batch, h, w, c], not ", t.sizes());
  return {t.size(0), t.size(1) * t.size(2), t.size(3)};
}

constexpr double kTinyLength = 1e-24;  // under the root: an all-zero row keeps a finite gradient

/** The row divided by its length; returns the length. */
inline double normalizeRow(float* row, int64_t count) {
  double squares = 0;
  for (int64_t i = 0; i < count; i++) squares += static_cast<double>(row[i]) * row[i];
  const double length = std::sqrt(squares + kTinyLength);
  for (int64_t i = 0; i < count; i++) row[i] = static_cast<float>(row[i] / length);
  return length;
}

/**
 * Mean over batch and positions of (Q_s − Q_t)², Q the normalized map of mean_c(A²), and for each position what its
 * activations are multiplied by in the gradient.
 */
inline Loss attentionMismatch(const Tensor& studentMap, const Tensor& teacherMap) {
  const Tensor s = activations(studentMap, "the student's map"), t = alike(teacherMap, s, "the teacher's map");
  const auto [batch, positions, channels] = mapShape(s);
  Tensor factors = at::empty({batch, positions}, at::TensorOptions(at::kFloat));
  std::vector<double> losses(batch);
  withLoops(s, [&, batch = batch, positions = positions, channels = channels](const auto& loop, auto type) {
    using T = decltype(type);
    at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> student(positions), teacher(positions);
      for (int64_t n = begin; n < end; n++) {
        const int64_t at = n * positions * channels;
        loop.channelEnergies(stored<T>(s) + at, positions, channels, student.data());
        loop.channelEnergies(stored<T>(t) + at, positions, channels, teacher.data());
        const double length = normalizeRow(student.data(), positions);
        normalizeRow(teacher.data(), positions);
        double squares = 0, along = 0;
        for (int64_t p = 0; p < positions; p++) {
          const double d = static_cast<double>(student[p]) - teacher[p];
          squares += d * d;
          along += d * student[p];
        }
        losses[n] = squares;
        // 2 / (batch · positions) of the mean, 2 / channels of mean_c(A²)
        const double by = 4 / (static_cast<double>(batch) * positions * channels * length);
        for (int64_t p = 0; p < positions; p++)
          factors.data_ptr<float>()[n * positions + p] =
              static_cast<float>(by * (static_cast<double>(student[p]) - teacher[p] - student[p] * along));
      }
    });
  });
  double sum = 0;
  for (double loss : losses) sum += loss;
  return {scalar(sum / (static_cast<double>(batch) * positions)), factors};
}

inline void checkLossGradient(const Tensor& gradient) {
  TORCH_CHECK(gradient.numel() == 1, "a loss has a scalar gradient, not one of shape ", gradient.sizes());
}

inline Tensor attentionMismatchBackward(const Tensor& gradient, const Tensor& studentMap, const Tensor& factors) {
  const Tensor s = activations(studentMap, "the student's map");
  const auto [batch, positions, channels] = mapShape(s);
  const Tensor rows = vectorOf(factors.reshape({-1}), batch * positions, "the factors");
  checkLossGradient(gradient);
  const float by = gradient.item().toFloat();
  Tensor dx = at::empty_like(s);
  withLoops(s, [&, batch = batch, positions = positions, channels = channels](const auto& loop, auto type) {
    using T = decltype(type);
    at::parallel_for(0, batch * positions, std::max<int64_t>(1, kGrain / channels), [&](int64_t begin, int64_t end) {
      const int64_t at = begin * channels;
      loop.scaleRows(stored<T>(s) + at, data(rows) + begin, by, end - begin, channels, stored<T>(dx) + at);
    });
  });
  return dx;
}

inline void checkMap(const Tensor& t) {
  TORCH_CHECK(t.dim() >= 1 && t.numel() > 0, "activations must be [batch, ...], not ", t.sizes());
}

/** Mean over the batch of ‖Ψ_s − Ψ_t‖₂, Ψ the normalized rows; and α, β by image with gradient α · s + β · t. */
inline Loss rawMismatch(const Tensor& studentMap, const Tensor& teacherMap) {
  const Tensor s = activations(studentMap, "the student's map"), t = alike(teacherMap, s, "the teacher's map");
  checkMap(s);
  const int64_t batch = s.size(0), count = s.numel() / batch;
  Tensor factors = at::empty({batch, 2}, at::TensorOptions(at::kFloat));
  std::vector<double> losses(batch);
  withLoops(s, [&](const auto& loop, auto type) {
    using T = decltype(type);
    at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; n++) {
        const T *student = stored<T>(s) + n * count, *teacher = stored<T>(t) + n * count;
        double squares[2], difference[2];
        loop.squareSums(student, teacher, count, squares);
        const double ofStudent = 1 / std::sqrt(squares[0] + kTinyLength);
        const double ofTeacher = 1 / std::sqrt(squares[1] + kTinyLength);
        loop.differenceSums(student, teacher, ofStudent, ofTeacher, count, difference);
        losses[n] = std::sqrt(difference[0] + 1e-12);
        const double by = ofStudent / (losses[n] * batch);
        factors.data_ptr<float>()[2 * n] = static_cast<float>(by * ofStudent * (1 - difference[1]));
        factors.data_ptr<float>()[2 * n + 1] = static_cast<float>(-by * ofTeacher);
      }
    });
  });
  double sum = 0;
  for (double loss : losses) sum += loss;
  return {scalar(sum / batch), factors};
}

inline Tensor rawMismatchBackward(const Tensor& gradient, const Tensor& studentMap, const Tensor& teacherMap,
                                  const Tensor& factors) {
  const Tensor s = activations(studentMap, "the student's map"), t = alike(teacherMap, s, "the teacher's map");
  checkMap(s);
  checkLossGradient(gradient);
  const int64_t batch = s.size(0), count = s.numel() / batch;
  const Tensor pairs = vectorOf(factors.reshape({-1}), 2 * batch, "the factors");
  const float by = gradient.item().toFloat();
  Tensor dx = at::empty_like(s);
  withLoops(s, [&](const auto& loop, auto type) {
    using T = decltype(type);
    at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; n++)
        loop.combine(stored<T>(s) + n * count, stored<T>(t) + n * count, data(pairs)[2 * n] * by,
                     data(pairs)[2 * n + 1] * by, count, stored<T>(dx) + n * count);
    });
  });
  return dx;
}

}  // namespace training_ops
