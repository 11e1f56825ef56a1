import { type Kernels, type Level, levels } from "./kernels.ts";
import { nativeFunctions } from "./native-addon.ts";
import { nativeKernels } from "./native-kernels.ts";
import { javascriptKernels, wasmKernels } from "./portable-kernels.ts";
import { threadedKernels } from "./threaded-kernels.ts";

/** The levels that there are here, from the lowest on: those of C++ where the set-up has built it and the processor has them. */
export const levelsHere = (): Level[] => {
  const native = nativeFunctions();
  return levels.filter((level) => level === "javascript" || level === "wasm" || native[level]);
};

/** @throws Error naming the levels that there are, where this one is not */
export function kernelsAt(level: Level): Kernels {
  if (level === "javascript") return javascriptKernels();
  if (level === "wasm") return wasmKernels();
  const native = nativeFunctions()[level];
  if (!native) throw new Error(`there is no level "${level}" here: use one of ${levelsHere().join(", ")}`);
  return nativeKernels(level, native);
}

/** The highest level that there is, or the one that RELUCTANT_PI_LEVEL names, in so many threads. */
export function chooseKernels({ threads = 1 }: { threads?: number } = {}): Kernels {
  const kernels = kernelsAt(chosenLevel());
  return threads > 1 ? threadedKernels(kernels, threads) : kernels;
}

function chosenLevel(): Level {
  const here = levelsHere();
  const forced = process.env.RELUCTANT_PI_LEVEL || here.at(-1);
  const level = here.find((each) => each === forced);
  if (level) return level;
  throw new Error(`RELUCTANT_PI_LEVEL is "${forced}", which is no level here: use one of ${here.join(", ")}`);
}
