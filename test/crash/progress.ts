import { type Row, scaled } from "./row.ts";

export const expectedSeconds = ({ takes }: Row, scale: number): number => scaled({ scale }, takes.seconds, takes.least);

/** How far a run of rows is, by what each is expected to take. */
export interface Progress {
  /** Expected seconds of all, and of those that are over. */
  total: number;
  over: number;
  name: string;
  /** Of the row that runs. */
  expected: number;
  elapsed: number;
}

const width = 24;

/** A row that takes longer than expected stands still at its end. */
export function progressLine({ total, over, name, expected, elapsed }: Progress): string {
  const done = over + Math.min(elapsed, expected);
  const filled = Math.floor((width * done) / total);
  const bar = "█".repeat(filled) + "░".repeat(width - filled);
  const late = elapsed > expected ? ", longer than expected" : "";
  return `${bar} ${Math.floor((100 * done) / total)} %, about ${minutes(total - done)} left; ${name} ${Math.round(elapsed)} of ${expected} s${late}`;
}

export const minutes = (seconds: number): string => `${Math.max(1, Math.round(seconds / 60))} min`;

/** Shows it while a row runs: in place on a terminal, elsewhere a line a minute. Answers how to end. */
export function showProgress(stream: NodeJS.WriteStream, now: () => Progress): () => void {
  const [everyMs, before, after] = stream.isTTY ? [1_000, "\r\u001b[K", ""] : [60_000, "  ", "\n"];
  const timer = setInterval(() => stream.write(`${before}${progressLine(now())}${after}`), everyMs);
  return () => {
    clearInterval(timer);
    if (stream.isTTY) stream.write(before);
  };
}
