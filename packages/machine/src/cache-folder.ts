import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

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
