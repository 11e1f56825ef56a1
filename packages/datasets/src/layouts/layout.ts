import type { DatasetSource, Part, Pixels, SampleBytes } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";

/** One way in which data sets lie on disks. */
export interface Layout {
  /** As people are told what is known: `train/CLASS/IMAGE.jpg …`. */
  readonly title: string;
  /** Looks at names, and at no more than a small file: null where nothing of it is there. */
  detect(tree: FileTree): Promise<Detection | null>;
}

/** A data set of this layout, or one that lacks something of it. */
export type Detection = { readonly plan: (choices: PlanChoices) => Promise<Plan> } | { readonly lacks: string };

/** What `NAME.preprocess.json` says of parts. */
export interface PlanChoices {
  /** `val`: the folder `val` is the validation part, and none is split off train. */
  readonly validation?: "val" | undefined;
}

/** What will be read of a data set, and as what; no image was read for it. */
export interface Plan {
  /** How many samples of each class each part has. */
  count(): Promise<Tally>;
  /** Every sample once. */
  samples(): AsyncIterable<SampleBytes>;
  /** A few samples, spread over the whole where that costs no more. */
  some(count: number): AsyncIterable<SampleBytes>;
  decode(sample: SampleBytes): Promise<Pixels>;
  readonly leftOut: readonly LeftOut[];
}

export interface Tally {
  readonly classes: ReadonlyMap<string, Readonly<Record<Part, number>>>;
  /** How much of the data set was counted: less than 1 where that would take minutes. */
  readonly share: number;
}

/** What a plan passes over, for one reason. */
export interface LeftOut {
  readonly why: string;
  readonly count: number;
  /** The first of them. */
  readonly example: string;
}

/** Collects what is passed over, by reason. */
export class PassedOver {
  readonly #byReason = new Map<string, { why: string; count: number; example: string }>();

  add(example: string, why: string): void {
    const known = this.#byReason.get(why);
    if (known) known.count++;
    else this.#byReason.set(why, { why, count: 1, example });
  }

  get list(): readonly LeftOut[] {
    return [...this.#byReason.values()];
  }
}

/** Counts samples by class and part. */
export class TallyCount {
  readonly classes = new Map<string, Record<Part, number>>();
  samples = 0;

  add(part: Part, label: string): void {
    const counts = this.classes.get(label) ?? { train: 0, validation: 0, test: 0 };
    counts[part]++;
    this.classes.set(label, counts);
    this.samples++;
  }
}

/** The first so many samples. */
export async function* first(samples: AsyncIterable<SampleBytes>, count: number): AsyncGenerator<SampleBytes> {
  let given = 0;
  if (count > 0)
    for await (const sample of samples) {
      yield sample;
      if (++given === count) return;
    }
}

/** A data set of a layout. It is planned anew whenever it is read: what lies there may have changed. */
export function plannedSource(
  name: string,
  tree: Pick<FileTree, "fingerprint">,
  plan: () => Promise<Plan>,
): DatasetSource {
  let latest: Promise<Plan> | undefined;
  const planned = () => {
    latest = plan();
    return latest;
  };
  return {
    name,
    fingerprint: () => tree.fingerprint(name),
    async *samples() {
      yield* (await planned()).samples();
    },
    decode: async (sample) => (await (latest ?? planned())).decode(sample),
  };
}

/** Classes that are known by their labels alone are called so, as wide as the last: they sort as the labels count. */
export const labelName = (label: number, width: number): string => `${label}`.padStart(width, "0");
