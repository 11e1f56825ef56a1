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
