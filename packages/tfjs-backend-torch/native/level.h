// The level of instructions that everything computes at: ATen, oneDNN, and libraries of operators that were loaded.
#pragma once
#include <tfjs_torch/library.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace bridge {

using tfjs_torch::Level;

constexpr const char* kLevelVariable = "TFJS_TORCH_CPU_LEVEL";

inline const char* nameOf(Level level) {
  return level == Level::avx512 ? "avx512" : level == Level::avx2 ? "avx2" : "baseline";
}

/** Those that this machine has, lowest first. */
inline std::vector<Level> machineLevels() {
  std::vector<Level> levels{Level::baseline};
#ifdef __x86_64__
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return levels;
  levels.push_back(Level::avx2);
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) levels.push_back(Level::avx512);
#endif
  return levels;
}

/** The level that a variable names. */
inline Level forcedLevel(const std::string& text) {
  const auto levels = machineLevels();
  std::string names;
  for (Level level : levels) {
    if (text == nameOf(level)) return level;
    names += (names.empty() ? "" : ", ") + std::string(nameOf(level));
  }
  for (Level level : {Level::avx2, Level::avx512}) {
    if (text == nameOf(level))
      throw std::invalid_argument(std::string(kLevelVariable) + " is " + text + ", which this processor does not have: it has " + names);
  }
  throw std::invalid_argument(std::string(kLevelVariable) + " is \"" + text + "\", which is no level: use one of " + names +
                              ", or leave it unset for the processor's own");
}

/** oneDNN's levels are finer than ours: at our highest it uses all that the processor has. */
inline void limitLibraries(Level level) {
#ifdef __x86_64__
  setenv("ATEN_CPU_CAPABILITY", level == Level::baseline ? "default" : nameOf(level), 1);
  unsetenv("DNNL_MAX_CPU_ISA");  // its former name, still heard
  if (level == Level::avx512) unsetenv("ONEDNN_MAX_CPU_ISA");
  else setenv("ONEDNN_MAX_CPU_ISA", level == Level::avx2 ? "AVX2" : "SSE41", 1);
#endif
}

inline Level chooseLevel() {
  const char* forced = std::getenv(kLevelVariable);
  if (!forced || !*forced) return machineLevels().back();
  const Level level = forcedLevel(forced);
  limitLibraries(level);
  return level;
}

/**
 * The level that is computed at: the machine's own, or a lower one that TFJS_TORCH_CPU_LEVEL forces, in ATen and oneDNN
 * too. Both read their variables when they first compute, so the first call comes before that.
 * @throws std::invalid_argument for a level that is unknown, or that this machine does not have
 */
inline Level level() {
  static const Level chosen = chooseLevel();
  return chosen;
}

}  // namespace bridge
