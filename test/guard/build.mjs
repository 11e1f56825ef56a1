/** The addon with guarded memory (native/guarded_blocks.h) and the training operations, in the cache beside the ordinary ones. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { useCachesThatCanBeWritten } from "../../scripts/caches.mjs";

export const root = join(import.meta.dirname, "../..");
useCachesThatCanBeWritten();

/** The environment in which the backend takes those. */
export const guarded = { ...process.env, TFJS_TORCH_CXXFLAGS: "-DTFJS_TORCH_GUARD" };

/** Builds them where they are not yet. @returns {number | null} the exit code: 3 when something is missing */
export function build() {
  const cli = "packages/training-ops/dist/build-cli.js";
  return spawnSync(process.execPath, [cli], { cwd: root, env: guarded, stdio: ["ignore", "ignore", "inherit"] }).status;
}
