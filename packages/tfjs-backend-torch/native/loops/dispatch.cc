// Which table this processor can run. Chosen at run time, as ATen does: one build then serves a cluster of unlike nodes,
// and an image that was built elsewhere.
#include "table.h"

namespace tfjs_torch {

extern const Loops baselineLoops;
#ifdef TFJS_TORCH_X86
extern const Loops avx2Loops, avx512Loops;
#endif

const Loops& loops() {
#ifdef TFJS_TORCH_X86
  static const Loops& chosen = [&]() -> const Loops& {
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512) return avx512Loops;
    return __builtin_cpu_supports("avx2") ? avx2Loops : baselineLoops;
  }();
  return chosen;
#else
  return baselineLoops;
#endif
}

}  // namespace tfjs_torch
