// Levels of the instruction set, for everything that computes: the loops compiled here, ATen's and oneDNN's.
#pragma once
#include <vector>

namespace tfjs_torch {

enum class Level { baseline, avx2, avx512 };

const char* nameOf(Level level);

/** Those that this machine has, lowest first. */
std::vector<Level> machineLevels();

/**
 * The level that is computed at: the machine's own, or a lower one that TFJS_TORCH_CPU_LEVEL forces, in ATen and oneDNN
 * too. Both read their variables when they first compute, so the first call comes before that.
 * @throws std::invalid_argument for a level that is unknown, or that this machine does not have
 */
Level level();

}  // namespace tfjs_torch
