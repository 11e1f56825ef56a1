import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { root } from "./programs.mjs";

/**
 * Where the home cannot be written, as in containers that run as any user, npm's cache and ours lie in var/. The torch
 * backend's builds lie in ours, where workers look for them.
 */
export function useCachesThatCanBeWritten() {
  const ofHome = join(homeOfUser(), ".cache/reluctant");
  if (!isAbsolute(ofHome) || !canWrite(ofHome)) {
    process.env.npm_config_cache ??= join(root, "var/cache/npm");
    process.env.RELUCTANT_CACHE ||= join(root, "var/cache");
  }
  process.env.TFJS_TORCH_CACHE ||= join(process.env.RELUCTANT_CACHE || ofHome, "tfjs-backend-torch");
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
