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

const shares = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
type Bounds = { [Name in keyof typeof shares]?: Pick<Figure, "atMost"> };

/** Of delays in milliseconds the median, and the percentiles that have a bound; the 99th where none has. */
export function percentiles(name: string, delays: number[], bounds: Bounds = {}): Figure[] {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const told = { p50: {}, ...(Object.keys(bounds).length === 0 && { p99: {} }), ...bounds };
  return Object.entries(told).map(([percentile, bound]) => ({
    case: `${name}, ${percentile}`,
    value: at(shares[percentile as keyof typeof shares]),
    unit: "ms",
    ...bound,
  }));
}
