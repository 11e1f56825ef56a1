import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Makes a folder beside its place and then puts it there, whole or not at all. Of several at once the first one stays.
 * @throws Error that names the folder and TFJS_TENSORFLOW_CACHE where it cannot be written
 */
export async function aside(target: string, make: (making: string) => Promise<void>): Promise<void> {
  const parent = dirname(target);
  const making = await makeFolder(parent);
  try {
    await make(making);
    await chmod(making, 0o755); // others of the machine may read the cache
    await rename(making, target).catch((error: NodeJS.ErrnoException) => {
      // Another process was first: its result is the same.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    await sweep(parent);
    return await mkdtemp(join(parent, prefix));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `the folder ${parent} cannot be written (${code}): set TFJS_TENSORFLOW_CACHE to a folder that can`;
    throw new Error(message, { cause });
  }
}

const prefix = ".adding-";
/** It takes a minute: what is older was left by one that was interrupted. */
const leftAfterMs = 60 * 60 * 1_000;

async function sweep(parent: string): Promise<void> {
  for (const name of (await readdir(parent)).filter((entry) => entry.startsWith(prefix))) {
    const path = join(parent, name);
    const written = await stat(path).catch(() => null);
    if (written && Date.now() - written.mtimeMs > leftAfterMs) await rm(path, { recursive: true, force: true });
  }
}
