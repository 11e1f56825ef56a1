import { uniform } from "@reluctant/relu";

/** What a row found. One with a bound is a gate: the row fails where it does not hold. */
export interface Measure {
  what: string;
  value: number;
  unit: string;
  atMost?: number;
  atLeast?: number;
}

export interface Context {
  /** Draws every lot of the row: which part is struck, and when. */
  seed: number;
  /** Of the row's durations and numbers: 1 is the whole. */
  scale: number;
}

/** A kind of fault, and what must hold through it. */
export interface Row {
  name: string;
  what: string;
  /** Seconds alone on two cores: of the whole, and however small the scale. */
  takes: { seconds: number; least: number };
  run(context: Context): Promise<Measure[]>;
}

export const holds = ({ value, atMost, atLeast }: Measure): boolean =>
  Number.isFinite(value) &&
  value <= (atMost ?? Number.POSITIVE_INFINITY) &&
  value >= (atLeast ?? Number.NEGATIVE_INFINITY);

/** Faults that the verifier found are a gate of their own. */
export const noFaults = (faults: readonly string[]): Measure => {
  for (const fault of faults) process.stderr.write(`  fault: ${fault}\n`);
  return { what: "faults", value: faults.length, unit: "", atMost: 0 };
};

/** A whole number of what there is to do, at this scale, and at least `least`. */
export const scaled = ({ scale }: Pick<Context, "scale">, whole: number, least = 1): number =>
  Math.max(least, Math.round(whole * scale));

/** Numbers in [0, 1), the same for a seed. */
export function lots({ seed }: Context): () => number {
  let index = 0;
  return () => uniform({ seed, stream: 14, index: index++ });
}

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};
