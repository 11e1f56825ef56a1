import { ReluctantError } from "@reluctant/contracts";
import { createWakeSignal } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import type { SlotConfig } from "./config.ts";
import type { SlotEnd } from "./supervisor.ts";

/** The longest pause before a slot is served again. One that lasted longer before it failed begins with the shortest anew. */
const longestPauseMs = 60_000;

/** Milliseconds until a slot is served again that failed so many times in a row, from 1: a second, then twice as long each time. */
export const pauseAfter = (failures: number): number => Math.min(1_000 * 2 ** (failures - 1), longestPauseMs);

export interface ServeSlotsOptions {
  /** Serves a slot to its end. @throws what keeps it from being served, or `signal`'s reason */
  serve(slot: SlotConfig, log: Logger): Promise<SlotEnd>;
  /** Aborted once the process is asked to end. */
  signal: AbortSignal;
  log: Logger;
}

/**
 * Serves the slots of this process until none is served any more. One that fails is served again after a pause as long as another
 * is: a GPU that went costs its own slot alone, until it is back. Where none is left what ails them ails the process, which ends, for
 * whoever keeps it to see and to start again. One whose name another has taken stays ended: they would take it from each other.
 * @returns the exit code: 1 where one ended by itself
 */
export async function serveSlots(
  slots: readonly SlotConfig[],
  { serve, signal, log }: ServeSlotsOptions,
): Promise<number> {
  const noneLeft = new AbortController();
  const over = AbortSignal.any([signal, noneLeft.signal]);
  let served = slots.length; // or started
  const leave = () => {
    served -= 1;
    if (served === 0) noneLeft.abort();
  };

  const keep = async (slot: SlotConfig): Promise<number> => {
    const slotLog = slots.length === 1 ? log : log.child({ worker: slot.config.name });
    const pause = createWakeSignal();
    for (let failures = 0; ; served += 1) {
      const began = performance.now();
      try {
        const end = await serve(slot, slotLog).finally(leave);
        return end === "drained" ? 0 : 1;
      } catch (error) {
        if (signal.aborted && error === signal.reason) return 0;
        failures = performance.now() - began < longestPauseMs ? failures + 1 : 1;
        if (over.aborted) {
          slotLog.fatal(...told(error));
          return 1;
        }
        const pauseMs = pauseAfter(failures);
        slotLog.error(...told(error, { againInSeconds: pauseMs / 1_000 }));
        await pause.wait(pauseMs, over);
      }
      if (over.aborted) return signal.aborted ? 0 : 1;
    }
  };
  return Math.max(...(await Promise.all(slots.map(keep))));
}

/** A line of the log; the message of an error that is meant for people says all. */
const told = (err: unknown, fields: object = {}): [object, string] =>
  err instanceof ReluctantError ? [fields, err.message] : [{ ...fields, err }, "the slot failed"];
