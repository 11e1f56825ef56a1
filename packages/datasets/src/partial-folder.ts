/** Folders of prepared data sets while they are written: `VERSION.OWNER.UUID.partial`, which become `VERSION` at the end. */
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const partial = ".partial";
const dayMs = 24 * 60 * 60 * 1000;

/** Where this process may build a version. */
export const partialFolder = async (cacheDir: string, version: string): Promise<string> =>
  join(cacheDir, `${version}.${await namespace()}-${process.pid}.${randomUUID()}${partial}`);

/** Takes over what a killed process left of a version, to go on with its pixels; null where nobody left any. */
export async function adoptAbandoned(cacheDir: string, version: string): Promise<string | null> {
  const here = await namespace();
  const names = await readdir(cacheDir).catch(() => []);
  const left = names.filter(
    (name) => name.startsWith(`${version}.`) && name.endsWith(partial) && ownerEnded(name, here),
  );
  for (const name of left) {
    const mine = await partialFolder(cacheDir, version);
    const isMine = await rename(join(cacheDir, name), mine).then(
      () => true,
      () => false, // somebody else was faster
    );
    if (isMine) return mine;
  }
  return null;
}

/**
 * Removes what killed processes left half-built (184 MB of CIFAR): at once where their end can be seen from here, else
 * when nothing was written in it for a day, since a cache may be shared with other machines.
 */
export async function removeAbandoned(cacheDir: string): Promise<void> {
  const names = await readdir(cacheDir).catch(() => []);
  const here = await namespace();
  for (const name of names.filter((candidate) => candidate.endsWith(partial))) {
    const folder = join(cacheDir, name);
    if (ownerEnded(name, here) || (await untouchedForADay(folder))) await rm(folder, { recursive: true, force: true });
  }
}

function ownerEnded(name: string, here: string): boolean {
  const [, owner, pid] = /^[0-9a-f]{64}\.([0-9a-f]{12})-(\d+)\./.exec(name) ?? [];
  return owner === here && pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Twelve digits for this boot of the machine and this space of process ids (containers have their own), where pids can be told. */
async function namespace(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => randomUUID());
  const pids = await readlink("/proc/self/ns/pid").catch(() => randomUUID());
  return createHash("sha256").update(boot).update(pids).digest("hex").slice(0, 12);
}

async function untouchedForADay(folder: string): Promise<boolean> {
  const within = await readdir(folder).catch(() => []);
  const times = await Promise.all([folder, ...within.map((file) => join(folder, file))].map(lastWritten));
  return Math.max(...times) < Date.now() - dayMs;
}

/** 0 for what another process has removed meanwhile. */
const lastWritten = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
