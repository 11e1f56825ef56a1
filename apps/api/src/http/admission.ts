import { ReluctantError } from "@reluctant/contracts";
import type { Limits } from "../limits.ts";

/** How full it is: requests that are worked on, and those that wait for it in line. */
export interface Load {
  active: number;
  waiting: number;
}

/** What becomes of a request that comes now. */
export function decideAdmission(
  { active, waiting }: Load,
  max: Pick<Limits, "active" | "waiting">,
): "enter" | "wait" | "refuse" {
  if (active < max.active) return "enter";
  return waiting < max.waiting ? "wait" : "refuse";
}

/**
 * A line in front of the work: without it a burst of requests would wait in the database's pool, each for as long as the
 * pool allows, and then fail as if Postgres were gone (of 60 submits at once on two busy cores some did).
 */
export interface Admission {
  /** Does `work` in its turn, first come, first served. @throws ReluctantError `busy` */
  run<T>(work: () => Promise<T>, request: QueuedRequest): Promise<T>;
}

/** A request in line. */
export interface QueuedRequest {
  /** When it came, by `performance.now()`: it may wait `waitMs` in all, however many turns it takes. */
  since: number;
  /** Aborted when its client has gone: it leaves the line. */
  signal: AbortSignal;
}

export function createAdmission(limits: Pick<Limits, "active" | "waiting" | "waitMs">): Admission {
  const waiting = new Set<() => void>();
  let active = 0;

  const waitForTurn = ({ since, signal }: QueuedRequest) =>
    new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.delete(enter);
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
      };
      const enter = () => {
        leave();
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(busy(`waited ${limits.waitMs / 1000} s for its turn`));
      };
      const timer = setTimeout(giveUp, since + limits.waitMs - performance.now());
      signal.addEventListener("abort", giveUp);
      waiting.add(enter);
    });

  /** The turn goes on to the first in line. */
  const release = () => {
    const [next] = waiting;
    if (next) next();
    else active -= 1;
  };

  return {
    async run(work, request) {
      const decision = decideAdmission({ active, waiting: waiting.size }, limits);
      if (decision === "refuse") throw busy(`came when ${waiting.size} others waited`);
      if (decision === "wait") await waitForTurn(request);
      else active += 1;
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

const busy = (what: string) =>
  new ReluctantError(
    "busy",
    `This request ${what}: the API is busy. Nothing was done; send it again after Retry-After`,
  );
