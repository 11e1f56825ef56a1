// What a library of operators beside ATen's shares with the backend that loads it: the level of instructions. All else is
// libtorch's. The library registers its operators by TORCH_LIBRARY, takes its memory from libtorch's allocator and divides
// its work by at::parallel_for, so that they are called by schema, recorded, counted and guarded as ATen's are.
#pragma once

namespace tfjs_torch {

/** Levels of the processor's instructions, lowest first. On other processors than x86 there is the lowest alone. */
enum class Level { baseline, avx2, avx512 };

}  // namespace tfjs_torch

/**
 * For the library to define, if it has code for several levels: called when it was loaded and before any of its operators is,
 * with the level that ATen and oneDNN compute at.
 */
extern "C" __attribute__((visibility("default"))) void tfjs_torch_use_level(tfjs_torch::Level level);
