// From an operator to its kernels: on a GPU by driver.h, on the CPU by rehearsal/threads.h.
#pragma once
#include "../checks.h"
#include "arguments.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

namespace training_ops::cuda {

struct Grid { int64_t x, y = 1; };

/** Puts a kernel on the current stream of the current device. @throws KernelError */
void launchKernel(const std::string& name, Grid grid, int threads, const void* arguments);

template <class Arguments>
void launch(const std::string& name, Grid grid, const Arguments& arguments, int threads = kThreads) {
  if (grid.x > 0 && grid.y > 0) launchKernel(name, grid, threads, &arguments);
}

inline int64_t divided(int64_t a, int64_t b) { return (a + b - 1) / b; }

/** Kernels count rows, units and elements of a variable in 32 bits; only images may be more together. */
inline int counted(int64_t count, const char* what) {
  TORCH_CHECK(count <= std::numeric_limits<int>::max(), what, ": a kernel counts to 2,147,483,647, not to ", count);
  return static_cast<int>(count);
}

inline const void* address(const Tensor& t) { return t.defined() ? t.data_ptr() : nullptr; }

/** Elements that a thread reads at once: four where rows of `length` and all addresses allow it. Null is any address. */
inline int widthOf(const Tensor& x, int64_t length, std::initializer_list<const void*> addresses) {
  const auto fits = [&](const void* p) { return reinterpret_cast<uintptr_t>(p) % (4 * x.element_size()) == 0; };
  return length % 4 == 0 && std::all_of(addresses.begin(), addresses.end(), fits) ? 4 : 1;
}

/** The kernel's name for x's storage and that many elements at once. */
inline std::string named(const std::string& kernel, const Tensor& x, int width) {
  return kernel + (x.scalar_type() == at::kFloat ? "_float" : "_bf16") + (width == 4 ? "x4" : "");
}

/** x as images of units, its last dimension the channels. A scalar is one image of one unit. */
inline Extent extentOf(const Tensor& x) {
  const int64_t images = x.dim() > 0 ? x.size(0) : 1, units = images > 0 ? x.numel() / images : 0;
  const int64_t channels = x.dim() > 1 ? x.size(-1) : 1;
  return {counted(images, "images"), counted(units, "units of an image"), counted(channels, "channels")};
}

/** A thread for `width` units, which goes on with them in other images: enough blocks for any GPU, and no more. */
inline Grid gridOf(const Extent& extent, int width) {
  constexpr int64_t kEnough = 2048;
  const int64_t blocks = divided(extent.units, kThreads * width);
  return {blocks, std::min<int64_t>(extent.images, divided(kEnough, std::max<int64_t>(1, blocks)))};
}

/** float32 where x is. */
inline Tensor vectorLike(const Tensor& x, at::IntArrayRef shape) {
  return at::empty(shape, x.options().dtype(at::kFloat));
}

/** The scalar as the kernels read it, on the device of `x`: none of these operators waits for it. */
inline Tensor scalarOn(const Tensor& x, const Tensor& scalar) { return scalar.to(x.device(), at::kFloat); }

}  // namespace training_ops::cuda
