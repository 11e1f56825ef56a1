// Which table this processor can run. Chosen at run time, as ATen does: one build then serves a cluster of unlike nodes,
// and an image that was built elsewhere.
#include "level.h"
#include "table.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace tfjs_torch {

extern const Loops baselineLoops;
#ifdef TFJS_TORCH_X86
extern const Loops avx2Loops, avx512Loops;
#endif

namespace {

constexpr const char* kVariable = "TFJS_TORCH_CPU_LEVEL";

/** The level that a variable names. */
Level forcedLevel(const std::string& text) {
  const auto levels = machineLevels();
  std::string names;
  for (Level level : levels) {
    if (text == nameOf(level)) return level;
    names += (names.empty() ? "" : ", ") + std::string(nameOf(level));
  }
  for (Level level : {Level::avx2, Level::avx512}) {
    if (text == nameOf(level))
      throw std::invalid_argument(std::string(kVariable) + " is " + text + ", which this processor does not have: it has " + names);
  }
  throw std::invalid_argument(std::string(kVariable) + " is \"" + text + "\", which is no level: use one of " + names +
                              ", or leave it unset for the processor's own");
}

/** oneDNN's levels are finer than ours: at our highest it uses all that the processor has. */
void limitLibraries(Level level) {
#ifdef TFJS_TORCH_X86
  setenv("ATEN_CPU_CAPABILITY", level == Level::baseline ? "default" : nameOf(level), 1);
  unsetenv("DNNL_MAX_CPU_ISA");  // its former name, still heard
  if (level == Level::avx512) unsetenv("ONEDNN_MAX_CPU_ISA");
  else setenv("ONEDNN_MAX_CPU_ISA", level == Level::avx2 ? "AVX2" : "SSE41", 1);
#endif
}

Level chooseLevel() {
  const char* forced = std::getenv(kVariable);
  if (!forced || !*forced) return machineLevels().back();
  const Level level = forcedLevel(forced);
  limitLibraries(level);
  return level;
}

}  // namespace

const char* nameOf(Level level) {
  return level == Level::avx512 ? "avx512" : level == Level::avx2 ? "avx2" : "baseline";
}

std::vector<Level> machineLevels() {
  std::vector<Level> levels{Level::baseline};
#ifdef TFJS_TORCH_X86
  if (!__builtin_cpu_supports("avx2")) return levels;
  levels.push_back(Level::avx2);
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) levels.push_back(Level::avx512);
#endif
  return levels;
}

Level level() {
  static const Level chosen = chooseLevel();
  return chosen;
}

const Loops& loops() {
#ifdef TFJS_TORCH_X86
  static const Loops& chosen =
      level() == Level::avx512 ? avx512Loops : level() == Level::avx2 ? avx2Loops : baselineLoops;
  return chosen;
#else
  return baselineLoops;
#endif
}

}  // namespace tfjs_torch
