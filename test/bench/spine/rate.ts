import { setTimeout as pause } from "node:timers/promises";
import type { Figure } from "../rows.ts";

/**
 * Begins `work` `perSecond` times a second, whether or not what began before has ended, and answers how long each took from
 * the moment at which it was due: a system that falls behind is not asked less often.
 */
export async function atRate(
  perSecond: number,
  seconds: number,
  work: (number: number) => Promise<unknown>,
): Promise<number[]> {
  const began = performance.now();
  const all = Array.from({ length: perSecond * seconds }, async (_, number) => {
    const due = began + (number * 1_000) / perSecond;
    await pause(Math.max(0, due - performance.now()));
    await work(number);
    return performance.now() - due;
  });
  return Promise.all(all);
}

type Bounds = Pick<Figure, "atMost">;

/** The median and the 99th percentile, in milliseconds. */
export function percentiles(name: string, delays: number[], bounds: { p50?: Bounds; p99?: Bounds } = {}): Figure[] {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return [
    { case: `${name}, p50`, value: at(0.5), unit: "ms", ...bounds.p50 },
    { case: `${name}, p99`, value: at(0.99), unit: "ms", ...bounds.p99 },
  ];
}
