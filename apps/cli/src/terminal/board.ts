/**
 * Lines that are redrawn in place on a terminal. Elsewhere (a pipe, a log file) nothing is redrawn: `event` lines only,
 * so that a log stays readable.
 */
export class Board {
  private readonly out: NodeJS.WriteStream;
  private drawn = 0;

  constructor(out: NodeJS.WriteStream) {
    this.out = out;
  }

  /** Replaces the lines drawn before. */
  draw(lines: readonly string[]): void {
    if (!this.out.isTTY) return;
    const height = Math.max(1, (this.out.rows ?? 24) - 1);
    const shown = lines.slice(0, height).map((line) => line.slice(0, (this.out.columns ?? 80) - 1));
    this.out.write(`${this.up()}${shown.map((line) => `${line}\n`).join("")}`);
    this.drawn = shown.length;
  }

  /** A line that stays, above the redrawn ones. */
  event(line: string): void {
    this.out.write(`${this.up()}${line}\n`);
    this.drawn = 0;
  }

  /** Removes the redrawn lines. */
  clear(): void {
    this.out.write(this.up());
    this.drawn = 0;
  }

  private up(): string {
    return this.out.isTTY && this.drawn > 0 ? `\u001b[${this.drawn}A\u001b[J` : "";
  }
}
