import { compact } from "@reluctant/plot";

/** `48 s`, `12 min`, `1 h 12 min`, `3 d 4 h`: the two largest units that matter. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 600 && whole % 60) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const rest = hours % 24;
  return rest ? `${Math.floor(hours / 24)} d ${rest} h` : `${Math.floor(hours / 24)} d`;
}

/** `3 min ago`; `now` within ten seconds, and for clocks that run ahead. Times in milliseconds. */
export function ago(then: number, now: number): string {
  const seconds = (now - then) / 1_000;
  if (seconds < 10) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** GPU time in hours, in seconds while it is less than a hundredth of an hour. */
export const gpuTime = (seconds: number): string =>
  seconds < 36 ? `${Math.round(seconds)} GPU-s` : `${(seconds / 3_600).toFixed(2)} GPU-h`;

/** `312 img/s`; `–` when nothing runs. */
export const rate = (imagesPerSecond: number | null): string =>
  imagesPerSecond === null
    ? "–"
    : `${imagesPerSecond < 10 ? imagesPerSecond.toFixed(1) : compact(Math.round(imagesPerSecond))} img/s`;

/** `140 GiB`; `–` where it is not known. */
export const memory = (bytes: number | null): string => (bytes === null ? "–" : `${Math.round(bytes / 2 ** 30)} GiB`);

/** Methods × budgets × seeds of a sweep, `1 × 5 × 3`; a sweep without budgets has methods × seeds. */
export const sweepSize = (sweep: { methods: string[]; budgets: number[]; seeds: number[] }): string =>
  [sweep.methods, sweep.budgets, sweep.seeds]
    .filter((axis) => axis.length)
    .map((axis) => axis.length)
    .join(" × ");

/** First digits of an id: enough to tell a screen's rows apart. */
export const shortId = (id: string): string => id.slice(0, 8);

export const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
