// Masked ReLU, the sums of a mask search, and what the optimizer does.
#pragma once
#include "lanes.h"

namespace training_ops {
namespace {

template <class T, Rectify kRectify>
void rectifyAll(const T* x, const float* mask, int64_t count, T* y) {
  sweep(count, [&](int64_t i, auto lot) {
    store(y + i, rectify<kRectify>(load(x + i, lot), loadMask<kRectify>(mask, i, lot)), lot);
  });
}

template <class T>
void maskedRelu(const T* x, const float* mask, int64_t count, T* y) {
  mask ? rectifyAll<T, Rectify::masked>(x, mask, count, y) : rectifyAll<T, Rectify::all>(x, mask, count, y);
}

template <class T, Rectify kRectify>
void rectifySum(const T* a, const T* b, const float* mask, int64_t count, T* y) {
  sweep(count, [&](int64_t i, auto lot) {
    const Lanes sum = load(a + i, lot) + load(b + i, lot);
    store(y + i, rectify<kRectify>(sum, loadMask<kRectify>(mask, i, lot)), lot);
  });
}

template <class T>
void addMaskedRelu(const T* a, const T* b, const float* mask, int64_t count, T* y) {
  mask ? rectifySum<T, Rectify::masked>(a, b, mask, count, y) : rectifySum<T, Rectify::all>(a, b, mask, count, y);
}

template <class T, Rectify kRectify>
void rectifyGradient(const T* dy, const T* y, const float* mask, int64_t count, T* dx) {
  sweep(count, [&](int64_t i, auto lot) {
    const auto open = passes<kRectify>(load(y + i, lot), loadMask<kRectify>(mask, i, lot));
    store(dx + i, open ? load(dy + i, lot) : Lanes{}, lot);
  });
}

template <class T>
void maskedReluGradient(const T* dy, const T* y, const float* mask, int64_t count, T* dx) {
  mask ? rectifyGradient<T, Rectify::masked>(dy, y, mask, count, dx)
       : rectifyGradient<T, Rectify::all>(dy, y, mask, count, dx);
}

/** Σ over images of term(offset of the image + unit), four images at a time: so each sum is loaded a fourth as often. */
template <class Term>
inline void sumOverBatch(int64_t batch, int64_t stride, int64_t count, float* sums, Term term) {
  std::memset(sums, 0, count * sizeof(float));
  int64_t n = 0;
  for (; n + 4 <= batch; n += 4)
    sweep(count, [&](int64_t i, auto lot) {
      const int64_t at = n * stride + i;
      const Lanes sum = (term(at, lot) + term(at + stride, lot)) + (term(at + 2 * stride, lot) + term(at + 3 * stride, lot));
      store(sums + i, load(sums + i, lot) + sum, lot);
    });
  for (; n < batch; n++)
    sweep(count, [&](int64_t i, auto lot) { store(sums + i, load(sums + i, lot) + term(n * stride + i, lot), lot); });
}

template <class T>
void absDiffSum(const T* a, const T* b, int64_t batch, int64_t stride, int64_t count, float* sums) {
  sumOverBatch(batch, stride, count, sums,
               [=](int64_t i, auto lot) { return magnitude(load(a + i, lot) - load(b + i, lot)); });
}

template <class T>
void negPartSum(const T* z, int64_t batch, int64_t stride, int64_t count, float* sums) {
  sumOverBatch(batch, stride, count, sums, [=](int64_t i, auto lot) {
    const Lanes v = load(z + i, lot);
    return v >= 0 ? Lanes{} : -v;
  });
}

void sgd(float* p, const float* g, float* v, const float* pattern, int64_t count, float rate, float momentum,
         float decay) {
  sweep(count, [&](int64_t i, auto lot) {
    const Lanes weights = load(p + i, lot);
    const Lanes velocity = load(v + i, lot) * momentum + (load(g + i, lot) + weights * decay);
    const Lanes moved = weights - velocity * rate;
    store(v + i, velocity, lot);
    store(p + i, pattern ? moved * load(pattern + i, lot) : moved, lot);
  });
}

void blend(float* running, const float* batch, int64_t count, float keep, float share) {
  sweep(count, [&](int64_t i, auto lot) {
    store(running + i, load(running + i, lot) * keep + load(batch + i, lot) * share, lot);
  });
}

/** x · 0 is 0, or NaN where x is infinite or NaN, and a sum keeps a NaN. */
bool allFinite(const float* x, int64_t count) {
  Lanes sum = {};
  sweep(count, [&](int64_t i, auto lot) { sum += load(x + i, lot) * 0; });
  return total(sum) == 0;
}

}  // namespace
}  // namespace training_ops
