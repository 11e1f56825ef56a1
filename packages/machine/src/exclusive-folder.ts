import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identify, type ProcessId, standingOf } from "./process-group.ts";

/** What a holder's file says. */
interface Entry<T> {
  process: ProcessId;
  content: T;
}

export interface Holding<T> {
  readonly content: T;
  write(content: T): Promise<void>;
  release(): Promise<void>;
}

let drafts = 0;

export type Taken<T> = { holding: Holding<T> } | { heldBy: ProcessId };

/**
 * Makes this process the only holder of `folder` on its machine, until it releases it or dies. Each holder has a file of
 * the next number, which the file system gives once. Who then finds another that lives gives way, so of two that start at
 * once at most one holds. A dead holder's file stays and tells the next one what it had.
 * @param begin what the file says at first, from what the one before left, if it was a process of this machine that died
 */
export async function takeFolder<T>(folder: string, begin: (inherited: T | null) => T): Promise<Taken<T>> {
  const self = await identify(process.pid);
  if (!self) throw new Error("/proc is not readable; this needs Linux with /proc mounted");
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `draft-${self.pid}-${drafts++}`); // also of another who takes it in this process
  const fileOf = (number: number) => join(folder, String(number));
  const draw = (content: T) => writeFile(draft, JSON.stringify({ process: self, content } satisfies Entry<T>));

  for (;;) {
    const before = await entriesOf<T>(folder);
    const living = await firstLiving(before.values());
    if (living) return { heldBy: living };
    const last = before.get(Math.max(...before.keys()));
    const inherited = last && (await standingOf(last.process)) === "dead" ? last.content : null;
    const content = begin(inherited);
    const mine = Math.max(0, ...before.keys()) + 1;
    await draw(content);
    const won = await link(draft, fileOf(mine)).then(
      () => true,
      () => false, // another took the number
    );
    await rm(draft, { force: true });
    if (!won) continue;
    const after = await entriesOf<T>(folder);
    after.delete(mine);
    if (await firstLiving(after.values())) {
      await rm(fileOf(mine), { force: true });
      continue;
    }
    for (const number of after.keys()) await rm(fileOf(number), { force: true });
    return {
      holding: {
        content,
        async write(next) {
          await draw(next);
          await rename(draft, fileOf(mine));
        },
        release: () => rm(fileOf(mine), { force: true }),
      },
    };
  }
}

/** By number; null for a file that tells nothing, such as one that a full disk cut short. */
async function entriesOf<T>(folder: string): Promise<Map<number, Entry<T> | null>> {
  const entries = new Map<number, Entry<T> | null>();
  for (const name of await readdir(folder)) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(join(folder, name), "utf8").catch(() => null); // released meanwhile
    if (text !== null) entries.set(Number(name), parsed(text));
  }
  return entries;
}

function parsed<T>(text: string): Entry<T> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function firstLiving(entries: Iterable<Entry<unknown> | null>): Promise<ProcessId | null> {
  for (const entry of entries) if (entry && (await standingOf(entry.process)) === "alive") return entry.process;
  return null;
}
