import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { root } from "./programs.mjs";

/**
 * Where the home cannot be written, as in containers that run as any user, npm's cache and ours lie in var/. What
 * backends have built lies in ours, where workers look for it.
 */
export function useCachesThatCanBeWritten() {
  const ofHome = join(homeOfUser(), ".cache/reluctant");
  if (!isAbsolute(ofHome) || !canWrite(ofHome)) {
    process.env.npm_config_cache ??= join(root, "var/cache/npm");
    process.env.RELUCTANT_CACHE ||= join(root, "var/cache");
  }
  const cache = process.env.RELUCTANT_CACHE || ofHome;
  process.env.TFJS_TORCH_CACHE ||= join(cache, "tfjs-backend-torch");
  process.env.TFJS_TENSORFLOW_CACHE ||= join(cache, "tfjs-backend-tensorflow");
}

function homeOfUser() {
  try {
    return homedir();
  } catch {
    return ""; // a user that is in no list
  }
}

function canWrite(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
