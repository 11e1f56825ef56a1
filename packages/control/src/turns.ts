import type { Waiting } from "@reluctant/relu";

/** Slots that came free within it will be free as often in the next. */
const lateMs = 100;
/** A look at whose turn it is stays good for so long, and for ten times as long as it took: looking takes a tenth of the time at most. */
const leastWorthMs = 250;
const looksWorth = 10;

/** A queue and its pool's slots, as a round finds them. */
interface Seen {
  slots: number;
  freeSlots: number;
  queued: number;
}

/**
 * What a dispatcher remembers of a queue from one round to the next. It may forget: nothing depends on it but speed. Among
 * 10,000 stage runs of several teams that wait a look at whose turn it is takes 0.1 s, and a slot takes one of them.
 */
export class QueueMemory {
  #turns: Waiting[] = [];
  #goodUntil = 0;
  #last: (Seen & { dispatched: number }) | undefined;
  #freed: { at: number; slots: number }[] = [];

  /** How many slots came free of late: those that are free now and were not, and those that took a job meanwhile. */
  freedOfLate({ slots, freeSlots, queued }: Seen, now: number): number {
    const last = this.#last;
    if (last) {
      const taken = last.queued + last.dispatched - queued;
      const busier = slots - freeSlots - (last.slots - last.freeSlots);
      if (taken > busier) this.#freed.push({ at: now, slots: taken - busier });
    }
    this.#last = { slots, freeSlots, queued, dispatched: 0 };
    this.#freed = this.#freed.filter(({ at }) => now - at < lateMs);
    return this.#freed.reduce((sum, { slots }) => sum + slots, 0);
  }

  /** Those whose turn it is, `most` at most; `look` answers all that wait, in order. */
  async next(most: number, look: () => Promise<Waiting[]>): Promise<Waiting[]> {
    const now = performance.now();
    const next = now > this.#goodUntil ? [] : this.#turns.splice(0, most);
    if (next.length === most) return next;
    const known = new Set(next.map(({ stageRunId }) => stageRunId));
    this.#turns = (await look()).filter(({ stageRunId }) => !known.has(stageRunId));
    const took = performance.now() - now;
    this.#goodUntil = now + took + Math.max(leastWorthMs, looksWorth * took);
    return [...next, ...this.#turns.splice(0, most - next.length)];
  }

  /** So many got an attempt. */
  dispatched(born: number): void {
    if (this.#last) this.#last.dispatched += born;
  }

  /** Others took some of what was seen. */
  forget(): void {
    this.#turns = [];
  }
}
