// What libtorch is told about the whole device, and what its allocator tells. CUDA asks for libtorch 2.9 or later.
#pragma once
#include "blocks.h"

#include <ATen/Context.h>
#include <c10/core/Device.h>
#include <torch/version.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#define TFJS_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

#if TFJS_TORCH_AT_LEAST(2, 9)
#include <c10/core/CachingDeviceAllocator.h>
#endif

namespace bridge {

/** Bytes. `held` is what the allocator has of the system: what is lent, and what it keeps for the next tensors. */
struct Memory { int64_t lent, peak, held, total; };

#if TFJS_TORCH_AT_LEAST(2, 9)

inline c10::DeviceAllocator& allocatorOf(c10::Device device) {
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  TORCH_CHECK(allocator, "libtorch has no caching allocator for ", device);
  return *allocator;
}

/** The memory that there is; 0 where this libtorch does not tell. */
template <class Allocator>
auto totalOf(Allocator& allocator, c10::Device device, int) -> decltype(allocator.getMemoryInfo(device.index()).second) {
  return allocator.getMemoryInfo(device.index()).second;
}
template <class Allocator>
size_t totalOf(Allocator&, c10::Device, long) { return 0; }

inline Memory memoryOfDevice(c10::Device device) {
  auto& allocator = allocatorOf(device);
  const auto stats = allocator.getDeviceStats(device.index());
  constexpr auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const auto& lent = stats.allocated_bytes[all];
  return {lent.current, lent.peak, stats.reserved_bytes[all].current,
          static_cast<int64_t>(totalOf(allocator, device, 0))};
}
inline void forgetPeakOfDevice(c10::Device device) { allocatorOf(device).resetPeakStats(device.index()); }

/** Products of float32 on CUDA, operator by operator: the API for all at once may no longer be mixed with this one. */
template <class Backend, class Operator, class Precision>
void setFloat32(void (at::Context::*set)(Backend, Operator, Precision), bool tf32) {
  auto& context = at::globalContext();
  if constexpr (std::is_enum_v<Backend>) {
    for (auto op : {Operator::CONV, Operator::RNN, Operator::MATMUL})
      (context.*set)(Backend::CUDA, op, tf32 ? Precision::TF32 : Precision::IEEE);
  } else {  // 2.9 has words for them
    for (const char* op : {"conv", "rnn", "matmul"}) (context.*set)("cuda", op, tf32 ? "tf32" : "ieee");
  }
}
inline void openDevice(c10::Device device) { at::globalContext().lazyInitDevice(device.type()); }
inline void setTF32OfDevice(bool on) { setFloat32(&at::Context::setFloat32Precision, on); }

#else

[[noreturn]] inline void noCuda() { TORCH_CHECK(false, "CUDA needs libtorch 2.9 or later, and this is ", TORCH_VERSION); }
inline Memory memoryOfDevice(c10::Device) { noCuda(); }
inline void forgetPeakOfDevice(c10::Device) { noCuda(); }
inline void setTF32OfDevice(bool) { noCuda(); }
inline void openDevice(c10::Device device) { if (!device.is_cpu()) noCuda(); }

#endif

inline Memory memoryOf(c10::Device device) {
  if (!device.is_cpu()) return memoryOfDevice(device);
  const auto usage = Blocks::usage();
  return {static_cast<int64_t>(usage.lent), static_cast<int64_t>(usage.peak), static_cast<int64_t>(usage.held), 0};
}

/** Counts the peak anew. */
inline void forgetPeak(c10::Device device) {
  if (device.is_cpu()) Blocks::forgetPeak();
  else forgetPeakOfDevice(device);
}

/**
 * Whether the same calls give the same bits every time on one model of device: an operator that cannot throws. Otherwise
 * cuDNN tries its algorithms for each shape and takes the fastest of the day.
 */
inline void setDeterministic(bool on) {
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(on, /*warn_only=*/false);
  context.setDeterministicCuDNN(on);
  context.setBenchmarkCuDNN(!on);
#if TFJS_TORCH_AT_LEAST(2, 2)
  context.setDeterministicFillUninitializedMemory(false);  // every value is written before it is read
#endif
}

}  // namespace bridge
