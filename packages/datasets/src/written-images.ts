/** What a half-built folder holds of a data set's pixels, so that who comes after a kill or a power cut goes on from there. */
import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Split } from "./split.ts";

const file = "written";

/** Images between two notes: of CIFAR 3 MB, which are on the disk before they are noted. */
const noteEvery = 1_000;

/** Places in the files of the splits that are written for certain. */
export class WrittenImages {
  readonly #folder: string;
  readonly #sync: () => Promise<unknown>;
  readonly #known: Readonly<Record<Split, Set<number>>> = { train: new Set(), validation: new Set(), test: new Set() };
  #unnoted: string[] = [];

  /** @param sync brings what was written to the disk */
  private constructor(folder: string, sync: () => Promise<unknown>) {
    this.#folder = folder;
    this.#sync = sync;
  }

  static async in(folder: string, sync: () => Promise<unknown>): Promise<WrittenImages> {
    const written = new WrittenImages(folder, sync);
    const text = await readFile(join(folder, file), "utf8").catch(() => "");
    // The last line may be cut.
    for (const [, split, place] of text.matchAll(/^(train|validation|test) (\d+)\n/gm))
      written.#known[split as Split].add(Number(place));
    return written;
  }

  has({ split, index }: { split: Split; index: number }): boolean {
    return this.#known[split].has(index);
  }

  async add({ split, index }: { split: Split; index: number }): Promise<void> {
    if (this.#unnoted.push(`${split} ${index}\n`) < noteEvery) return;
    const lines = this.#unnoted.splice(0);
    await this.#sync();
    await appendFile(join(this.#folder, file), lines.join(""), { flush: true });
  }

  /** All is written, and nobody goes on. */
  async done(): Promise<void> {
    await rm(join(this.#folder, file), { force: true });
  }
}
