import { utcText } from "./utc-text.ts";

/** A lost attempt of a stage run, as Postgres tells it. */
export interface Loss {
  /** The worker that fell silent, by name: a restart is the same worker. */
  worker: string;
  /** When its lease ran out. */
  at: string;
  ageSeconds: number;
  /** Step of the checkpoint that was there to resume from. */
  step: number;
  /** No other worker was lost within one lease of it. */
  alone: boolean;
}

export interface LossHistory {
  /** Newest first. */
  losses: readonly Loss[];
  /** Workers that live and could take the stage run. */
  workers: readonly string[];
}

/**
 * What a loss says of its stage run:
 *
 * | loss       | what happened                                           | what it says                        |
 * | ---------- | ------------------------------------------------------- | ----------------------------------- |
 * | `progress` | a checkpoint moved on since the loss before             | harmless so far: the row ends here  |
 * | `together` | another worker was lost within a lease: a common cause  | nothing                             |
 * | `alone`    | none of these                                           | one more that its input may explain |
 */
export type Weight = "progress" | "together" | "alone";

export const weightOf = (loss: Loss, before: Loss | undefined): Weight => {
  if (loss.step > (before?.step ?? 0)) return "progress";
  return loss.alone ? "alone" : "together";
};

/** Losses that count in a row before a stage run is poisonous. */
export const poisonousLosses = 5;
/** Workers that they must be spread over, so that one broken worker condemns no run; all of them, where there are fewer. */
export const poisonedWorkers = 3;

export type PoisonVerdict =
  | { is: "harmless" }
  /** Another worker may yet turn out to have been lost beside the last. */
  | { is: "unsure" }
  | { is: "poisonous"; reason: string };

/** Whether a stage run's losses come of its input: what takes worker after worker with it would wander for ever. */
export function judgeLosses({ losses, workers }: LossHistory, leaseSeconds: number): PoisonVerdict {
  const row: Loss[] = [];
  for (const [index, loss] of losses.entries()) {
    const weight = weightOf(loss, losses[index + 1]);
    if (weight === "progress") break;
    if (weight === "alone") row.push(loss);
  }
  const hit = new Set(row.map(({ worker }) => worker));
  const spread = hit.size >= poisonedWorkers || workers.every((worker) => hit.has(worker));
  if (row.length < poisonousLosses || !spread || row[0] !== losses[0]) return { is: "harmless" };
  if ((row[0]?.ageSeconds ?? 0) < leaseSeconds) return { is: "unsure" };
  // The history on a line of its own: to the circuit breaker, which reads the first, poisonous runs are alike.
  const what = `its worker was lost ${row.length} times in a row, each time without a new checkpoint and no other beside it`;
  const history = row.reverse().map(({ worker, at }) => `${worker} (${utcText(at)})`);
  return { is: "poisonous", reason: `poisonous: ${what}:\n${history.join(", ")}` };
}
