// Which table this processor can run. Chosen at run time, as ATen does: one build then serves a cluster of unlike nodes,
// and an image that was built elsewhere.
#include "table.h"

#include <tfjs_torch/library.h>

using tfjs_torch::Level;

namespace training_ops {

namespace {
const Loops* chosen = &loops_at::baseline;
}

const Loops& loops() { return *chosen; }

}  // namespace training_ops

void tfjs_torch_use_level(Level level) {
  using namespace training_ops;
#ifdef __x86_64__
  chosen = level == Level::avx512 ? &loops_at::avx512 : level == Level::avx2 ? &loops_at::avx2 : &loops_at::baseline;
#endif
}
