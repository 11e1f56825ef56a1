import type { RecordedFailure } from "@reluctant/contracts";

/**
 * How an attempt ended without a result. `lost` and `preempted` cost the user nothing, only `failed` counts; but a run whose
 * losses make it poisonous fails by the last of them.
 */
export type Ending =
  | { as: "lost"; poison: string | null }
  | { as: "preempted" }
  | { as: "failed"; failure: RecordedFailure };

/** What a stage run's earlier attempts left, which decides what the end of the next one means. */
export interface Standing {
  /** Failed attempts since the last progress. */
  failures: number;
  /** Step of the checkpoint that the last of them fell back to; 0 is the start. */
  failedStep: number;
  /** Step of the checkpoint that the next attempt resumes from. */
  checkpointStep: number;
  /** Attempts that failed by their workers' fault since that checkpoint, with the one that just did; 0 where it was not. */
  nodeFailures: number;
}

/** A `ready` stage run's next attempt resumes from the last checkpoint, not before `delaySeconds` have passed. */
export type AfterEnding =
  | { becomes: "ready"; delaySeconds: number; failures: number; failedStep: number }
  | { becomes: "failed"; reason: string; failures: number };

/** Failed attempts without a new checkpoint between that a stage run may have before it fails. */
export const maxFailures = 3;
/** Of these so many more that failed by their workers' fault: other workers may well do it, but not for ever. */
export const maxNodeFailures = 6;
const firstDelaySeconds = 5;

/**
 * What becomes of a stage run whose attempt ended. Progress forgives: a checkpoint beyond the one that the last failure
 * fell back to begins the count anew, or a training of weeks would fail at its third crash. Steps only grow, so a run
 * that crashes for ever at one place still fails there.
 */
export function afterEnding(
  ending: Ending,
  { failures, failedStep, checkpointStep, nodeFailures }: Standing,
): AfterEnding {
  if (ending.as === "lost" && ending.poison !== null) return { becomes: "failed", reason: ending.poison, failures };
  if (ending.as !== "failed") return { becomes: "ready", delaySeconds: 0, failures, failedStep };
  const counted = checkpointStep > failedStep ? 1 : failures + 1;
  const { failure } = ending;
  if (failure.fault === "node" && !failure.fatal && nodeFailures <= maxNodeFailures)
    return { becomes: "ready", delaySeconds: delayAfter(nodeFailures), failures, failedStep };
  if (failure.fatal) return { becomes: "failed", reason: failure.message, failures: counted };
  if (counted >= maxFailures) {
    const reason = `failed ${counted} times without a new checkpoint between; last: ${failure.message}`;
    return { becomes: "failed", reason, failures: counted };
  }
  return { becomes: "ready", delaySeconds: delayAfter(counted), failures: counted, failedStep: checkpointStep };
}

/** Seconds before the retry after so many failures: none, 5, 10, … Most crashes are over with the process that had them. */
const delayAfter = (failures: number): number => (failures === 1 ? 0 : firstDelaySeconds * 2 ** (failures - 2));
