// libtorch's memory on the CPU: blocks kept for the next tensor, or, in a build for tests, blocks between pages without access.
#pragma once
#ifdef TFJS_TORCH_GUARD
#include "guarded_blocks.h"
using Blocks = GuardedBlocks;
#else
#include "block_cache.h"
using Blocks = BlockCache;
#endif
