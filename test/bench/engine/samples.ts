import { uint32 } from "@reluctant/relu";

/** Times of one unit, a step or an evaluated batch. */
export interface Sample {
  seconds: number;
  cpuSeconds: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
};

export const seconds = (samples: readonly Sample[]): number => median(samples.map((sample) => sample.seconds));
export const cpuSeconds = (samples: readonly Sample[]): number => median(samples.map((sample) => sample.cpuSeconds));

/** Did the machine have other work? Then only CPU times compare: a thread had less of a core than it asked for. */
export const disturbed = (samples: readonly Sample[]): boolean => cpuSeconds(samples) < 0.95 * seconds(samples);

/** Runs `f` and takes the time of this process. */
export async function timed(f: () => Promise<unknown>): Promise<Sample> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await f();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

const resamples = 2_000;

/**
 * How many times as long `over` takes as `under`, two sides that took turns: the median over rounds, since what disturbs a
 * round disturbs both of its sides. Its interval is that of the percentile bootstrap: rounds are drawn again with
 * replacement.
 */
export function medianRatio(over: readonly number[], under: readonly number[]): Ratio {
  const ratios = over.map((value, round) => value / (under[round] as number));
  const drawn = Array.from({ length: resamples }, (_, sample) =>
    median(
      ratios.map((_, round) => ratios[uint32({ seed: 1, stream: sample, index: round }) % ratios.length] as number),
    ),
  ).sort((a, b) => a - b);
  const percentile = (share: number) => drawn[Math.round(share * (resamples - 1))] as number;
  return { ratio: median(ratios), interval: [percentile(0.025), percentile(0.975)] };
}

export interface Ratio {
  ratio: number;
  /** 95 %. */
  interval: [low: number, high: number];
}
