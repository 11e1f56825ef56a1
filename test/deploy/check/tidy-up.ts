import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** What a test starts, and the folder of its own that it does it in. */
export interface Own {
  readonly folder: string;
  stopLater<T extends { stop(): Promise<unknown> }>(part: T): T;
}

/** For each test of a file: when it ends, all that it started stops, the last first, and then its folder goes. */
export function tidyUp(name: string): Own {
  let folder = "";
  const cleanups: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), `reluctant-${name}-`));
    await chmod(folder, 0o755); // servers run as another user
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  return {
    get folder() {
      return folder;
    },
    stopLater(part) {
      cleanups.push(() => part.stop());
      return part;
    },
  };
}
