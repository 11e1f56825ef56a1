/** The addon with guarded memory (native/guarded_blocks.h), in the cache beside the ordinary one. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { useCachesThatCanBeWritten } from "../../scripts/caches.mjs";

export const root = join(import.meta.dirname, "../..");
useCachesThatCanBeWritten();

/** The environment in which the backend takes that addon. */
export const guarded = { ...process.env, TFJS_TORCH_CXXFLAGS: "-DTFJS_TORCH_GUARD" };

/** Builds it where it is not yet. @returns {number | null} the exit code: 3 when something is missing */
export function build() {
  const cli = "packages/tfjs-backend-torch/dist/build-cli.js";
  return spawnSync(process.execPath, [cli], { cwd: root, env: guarded, stdio: ["ignore", "ignore", "inherit"] }).status;
}
