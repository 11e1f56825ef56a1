import { kernelsAt, levelsHere } from "./choose-kernels.ts";
import type { Kernels } from "./kernels.ts";
import { ensureBuilt } from "./native-build.ts";

/** Kernels of every level that there is here, the oracle first, those in C++ built where they can be; tests only. */
export async function kernelsHere(): Promise<[oracle: Kernels, ...Kernels[]]> {
  await ensureBuilt();
  return levelsHere().map(kernelsAt) as [Kernels, ...Kernels[]];
}
