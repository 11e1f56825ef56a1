// The convolutions as operators beside ATen's, for processors. A filter is [3, 3, in, out] with any strides; its gradient lies
// as torch lays out filters, [out, 3, 3, in] in memory. No sum depends on the number of threads but through the size of its
// parts: results have the same bits for one number.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>

#include "../level.h"
#include "loops.h"

namespace winograd {
namespace {

using at::Tensor;

const Loops& loops() {
#ifdef __x86_64__
  using bridge::Level;
  const Level level = bridge::level();
  return level == Level::avx512 ? loops_at::avx512 : level == Level::avx2 ? loops_at::avx2 : loops_at::baseline;
#else
  return loops_at::baseline;
#endif
}

/** NHWC in memory; copied only if it is not. */
Tensor mapOf(const Tensor& x, const char* name) {
  TORCH_CHECK(x.dim() == 4 && x.scalar_type() == at::kFloat, name, " must be float32 [n, h, w, c], not ", x.scalar_type(),
              " ", x.sizes());
  TORCH_CHECK(x.size(3) > 0 && x.size(3) % kBlock == 0, name, " must have a multiple of ", kBlock, " channels, not ", x.size(3));
  return x.contiguous();
}

void checkFilter(const Tensor& filter, int64_t in, int64_t out) {
  const bool fits = filter.dim() == 4 && filter.size(0) == 3 && filter.size(1) == 3 && filter.size(2) == in && filter.size(3) == out;
  TORCH_CHECK(fits && filter.scalar_type() == at::kFloat, "the filter must be float32 [3, 3, ", in, ", ", out, "], not ",
              filter.scalar_type(), " ", filter.sizes());
  TORCH_CHECK(filter.stride(2) == 1 || filter.stride(3) == 1, "the filter's channels must lie side by side, not with strides ",
              filter.strides());
}

/** What a map gives with so many rows and columns of zeros around it. */
Maps mapsOf(const Tensor& x, int64_t outChannels, at::IntArrayRef padding) {
  TORCH_CHECK(padding.size() == 2 && padding[0] >= 0 && padding[1] >= 0, "the padding must be [rows, columns], not ", padding);
  const int64_t height = x.size(1), width = x.size(2), above = padding[0], before = padding[1];
  const int64_t outHeight = height + 2 * above - 2, outWidth = width + 2 * before - 2;
  TORCH_CHECK(outHeight > 0 && outWidth > 0, "no window fits in ", x.sizes(), " with a padding of ", padding);
  return {height, width, x.size(3), outHeight, outWidth, outChannels, above, before};
}

/**
 * Tiles that are taken at a time. Of a convolution, few: with 96 in place of 24 their transforms left the first-level cache, and
 * 32 channels took 1.1 times as long. Of a filter's gradient, more, for its sums are read and written each time.
 */
constexpr int64_t kOfConvolution = 24, kOfGradient = 96;

constexpr int64_t kTwoBlocks = 2 * kBlock;

Tensor convolveBy(const Tensor& x, const Filter& filter, int64_t out, at::IntArrayRef padding) {
  const Maps maps = mapsOf(x, out, padding);
  const Loops& loop = loops();
  const int64_t in = maps.channels, total = x.size(0) * maps.down() * maps.across();
  const int64_t wanted = std::min(total, kOfConvolution);
  const int64_t capacity = (wanted + loop.together - 1) / loop.together * loop.together;
  const int64_t parts = (total + capacity - 1) / capacity;
  const int64_t transformed = kElements * Transformed::partOf(in, capacity);
  const int64_t products = kElements * Transformed::partOf(std::min(loop.panel, out), capacity);
  const int64_t threads = std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), parts));
  Tensor y = at::empty({x.size(0), maps.outHeight, maps.outWidth, out}, x.options());
  const Tensor u = at::empty({kElements * in * out}, x.options());
  const Tensor scratch = at::empty({threads, transformed + products}, x.options());
  at::parallel_for(0, (out + kTwoBlocks - 1) / kTwoBlocks, 1, [&](int64_t begin, int64_t end) {
    loop.transformFilter(filter, in, out, begin * kTwoBlocks, std::min(end * kTwoBlocks, out), u.data_ptr<float>());
  });
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; thread++) {
      float* own = scratch.data_ptr<float>() + thread * (transformed + products);
      for (int64_t part = parts * thread / threads; part < parts * (thread + 1) / threads; part++) {
        const int64_t first = part * capacity;
        loop.convolve(maps, {first, std::min(capacity, total - first)}, x.data_ptr<float>(), u.data_ptr<float>(),
                      {own, in, capacity}, own + transformed, y.data_ptr<float>());
      }
    }
  });
  return y;
}

/** x NHWC, filter [3, 3, in, out] → NHWC. */
Tensor convolution(const Tensor& input, const Tensor& filter, at::IntArrayRef padding) {
  const Tensor x = mapOf(input, "x");
  const int64_t out = filter.size(-1);
  checkFilter(filter, x.size(3), out);
  TORCH_CHECK(out > 0 && out % kBlock == 0, "the result must have a multiple of ", kBlock, " channels, not ", out);
  const auto strides = filter.strides();
  return convolveBy(x, {filter.data_ptr<float>(), strides[0], strides[1], strides[2], strides[3]}, out, padding);
}

/** The gradient of x: dy with the filter turned round, its channels exchanged. */
Tensor dataGradient(const Tensor& output, const Tensor& filter, at::IntArrayRef padding) {
  const Tensor dy = mapOf(output, "dy");
  const int64_t in = filter.size(-2);
  checkFilter(filter, in, dy.size(3));
  TORCH_CHECK(in > 0 && in % kBlock == 0, "x must have a multiple of ", kBlock, " channels, not ", in);
  TORCH_CHECK(padding.size() == 2 && padding[0] <= 2 && padding[1] <= 2, "the padding must be [rows, columns] of 2 at most, not ", padding);
  const auto strides = filter.strides();
  const float* last = filter.data_ptr<float>() + 2 * strides[0] + 2 * strides[1];
  return convolveBy(dy, {last, -strides[0], -strides[1], strides[3], strides[2]}, in, {2 - padding[0], 2 - padding[1]});
}

/** The gradient of the filter. All threads transform tiles, then all multiply: each element's sums are one thread's. */
Tensor filterGradient(const Tensor& input, const Tensor& output, at::IntArrayRef padding) {
  const Tensor x = mapOf(input, "x"), dy = mapOf(output, "dy");
  const Maps maps = mapsOf(x, dy.size(3), padding);
  TORCH_CHECK(dy.size(0) == x.size(0) && dy.size(1) == maps.outHeight && dy.size(2) == maps.outWidth, "dy must have the shape [",
              x.size(0), ", ", maps.outHeight, ", ", maps.outWidth, ", out], not ", dy.sizes());
  const Loops& loop = loops();
  const int64_t in = maps.channels, out = maps.outChannels, total = x.size(0) * maps.down() * maps.across();
  const int64_t capacity = std::min(total, at::get_num_threads() * kOfGradient), rows = out / kBlock;
  const Tensor transforms = at::empty({kElements * (Transformed::partOf(in, capacity) + Transformed::partOf(out, capacity))}, x.options());
  const Transformed v{transforms.data_ptr<float>(), in, capacity};
  const Transformed z{v.values + kElements * v.part(), out, capacity};
  const Tensor sums = at::zeros({kElements, out, in}, x.options());
  for (int64_t first = 0; first < total; first += capacity) {
    const int64_t count = std::min(capacity, total - first);
    at::parallel_for(0, count, 32, [&](int64_t begin, int64_t end) {
      loop.transformInput(maps, {first + begin, end - begin}, x.data_ptr<float>(), v, begin);
      loop.transformGradient(maps, {first + begin, end - begin}, dy.data_ptr<float>(), z, begin);
    });
    at::parallel_for(0, kElements * rows, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t element = i / rows, channel = i % rows * kBlock;
        loop.accumulate(z, v, element, channel, count, sums.data_ptr<float>() + (element * out + channel) * in);
      }
    });
  }
  Tensor dg = at::empty({out, 3, 3, in}, x.options());
  at::parallel_for(0, out, std::max<int64_t>(1, 4096 / in), [&](int64_t begin, int64_t end) {
    loop.finishFilter(sums.data_ptr<float>(), in, out, begin, end, dg.data_ptr<float>());
  });
  return dg.permute({1, 2, 3, 0});
}

}  // namespace
}  // namespace winograd

TORCH_LIBRARY(winograd, m) {
  m.def("convolution(Tensor x, Tensor filter, int[] padding) -> Tensor");
  m.def("data_gradient(Tensor dy, Tensor filter, int[] padding) -> Tensor");
  m.def("filter_gradient(Tensor x, Tensor dy, int[] padding) -> Tensor");
}

TORCH_LIBRARY_IMPL(winograd, CPU, m) {
  m.impl("convolution", winograd::convolution);
  m.impl("data_gradient", winograd::dataGradient);
  m.impl("filter_gradient", winograd::filterGradient);
}
