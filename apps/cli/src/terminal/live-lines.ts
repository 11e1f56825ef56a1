import { rendered } from "./print.ts";
import { type Text, truncate } from "./text.ts";

/** A line of what is under way. */
export interface LiveLine {
  /** Tells it from the others, from one drawing to the next. */
  key: string;
  text: Text;
  /** How much of it is done, where that is known. */
  share?: number;
}

/** Elsewhere than on a terminal: least time between two lines of the same thing, and the longest without one. */
const leastMs = 5_000;
const mostMs = 60_000;

/**
 * Lines that are redrawn in place on a terminal. Elsewhere (a pipe, a log file) nothing is redrawn: a line appears when its
 * percentage has changed, at most every few seconds, so that a log shows life and stays readable.
 */
export class LiveLines {
  private readonly out: NodeJS.WriteStream;
  private readonly now: () => number;
  private drawn = 0;
  private printed = new Map<string, Printed>();

  constructor(out: NodeJS.WriteStream, now: () => number = () => performance.now()) {
    this.out = out;
    this.now = now;
  }

  /** Replaces the lines drawn before. */
  draw(lines: readonly LiveLine[]): void {
    if (this.out.isTTY) this.redraw(lines);
    else this.printDue(lines);
  }

  private redraw(lines: readonly LiveLine[]): void {
    const height = Math.max(1, (this.out.rows ?? 24) - 1);
    const width = (this.out.columns ?? 80) - 1;
    const shown = lines.slice(0, height).map(({ text }) => `${rendered(truncate(text, width), this.out)}\n`);
    this.out.write(`${this.up()}${shown.join("")}`);
    this.drawn = shown.length;
  }

  /** A line that stays, above the redrawn ones. */
  event(text: Text): void {
    this.out.write(`${this.up()}${rendered(text, this.out)}\n`);
    this.drawn = 0;
  }

  /** Removes the redrawn lines. */
  clear(): void {
    if (this.drawn > 0) this.out.write(this.up());
    this.drawn = 0;
  }

  private up(): string {
    return this.out.isTTY && this.drawn > 0 ? `\u001b[${this.drawn}A\u001b[J` : "";
  }

  private printDue(lines: readonly LiveLine[]): void {
    const at = this.now();
    const before = this.printed;
    this.printed = new Map();
    for (const { key, text, share } of lines) {
      const line = {
        at,
        percent: share === undefined ? undefined : Math.floor(share * 100),
        text: rendered(text, this.out),
      };
      const last = before.get(key);
      if (isDue(line, last)) this.out.write(`${line.text}\n`);
      this.printed.set(key, isDue(line, last) || !last ? line : last);
    }
  }
}

interface Printed {
  at: number;
  percent: number | undefined;
  text: string;
}

/** A line whose share is not known is due when anything of it has changed. */
function isDue(line: Printed, last: Printed | undefined): boolean {
  if (!last) return true;
  const since = line.at - last.at;
  const moved = line.percent === undefined ? line.text !== last.text : line.percent !== last.percent;
  return since >= mostMs || (since >= leastMs && moved);
}
