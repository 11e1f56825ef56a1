import type { Channel } from "./channel.ts";
import type { Traffic } from "./transcript.ts";

export type Phase = "offline" | "online";

/** What one step cost one party: the time from its start to its end, waiting included, and its traffic with the other party. */
export interface Cost extends Traffic {
  phase: Phase;
  step: string;
  ms: number;
}

/** Measures steps one after another. */
export class CostSheet {
  readonly costs: Cost[] = [];
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async of<T>(phase: Phase, step: string, run: () => T | Promise<T>): Promise<T> {
    const before = this.#channel.transcript.total;
    const start = performance.now();
    const result = await run();
    const ms = performance.now() - start;
    this.costs.push({ phase, step, ms, ...this.#channel.transcript.since(before) });
    return result;
  }
}

/** The sum over a phase. */
export const totalOf = (costs: readonly Cost[], phase: Phase): Omit<Cost, "step" | "phase"> =>
  costs
    .filter((cost) => cost.phase === phase)
    .reduce(
      (total, { ms, bytesSent, bytesReceived, rounds }) => ({
        ms: total.ms + ms,
        bytesSent: total.bytesSent + bytesSent,
        bytesReceived: total.bytesReceived + bytesReceived,
        rounds: total.rounds + rounds,
      }),
      { ms: 0, bytesSent: 0, bytesReceived: 0, rounds: 0 },
    );
