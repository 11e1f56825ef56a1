import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The cache in the home of whoever runs this, which all that a user starts shares; null for users without a home. */
export function homeCache(env: NodeJS.ProcessEnv): string | null {
  const home = env.HOME ?? homeOfUser();
  return isAbsolute(home) ? join(home, ".cache", "reluctant") : null;
}

function homeOfUser(): string {
  try {
    return homedir();
  } catch {
    return ""; // a user that is in no list, as those of containers
  }
}

/** The variables that tell backends where to keep what they build: in this cache, unless they are set. */
export const backendCaches = (env: NodeJS.ProcessEnv, cache: string) => ({
  TFJS_TORCH_CACHE: resolve(env.TFJS_TORCH_CACHE || join(cache, "tfjs-backend-torch")),
  TFJS_TENSORFLOW_CACHE: resolve(env.TFJS_TENSORFLOW_CACHE || join(cache, "tfjs-backend-tensorflow")),
});
