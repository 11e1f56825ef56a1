import type { Failure } from "@reluctant/contracts";

/** How an attempt ended without a result. `lost` and `preempted` cost the user nothing; only `failed` counts. */
export type Ending = { as: "lost" } | { as: "preempted" } | { as: "failed"; failure: Failure };

/** A `ready` stage run's next attempt resumes from the last checkpoint, not before `delaySeconds` have passed. */
export type AfterEnding =
  | { becomes: "ready"; delaySeconds: number; failures: number }
  | { becomes: "failed"; reason: string; failures: number };

/** Failed attempts a stage run may have before it fails. */
export const maxFailures = 3;
const firstDelaySeconds = 5;

/** What becomes of a stage run whose attempt ended; `failures` counts its failed attempts before this one. */
export function afterEnding(ending: Ending, failures: number): AfterEnding {
  if (ending.as !== "failed") return { becomes: "ready", delaySeconds: 0, failures };
  const counted = failures + 1;
  const { failure } = ending;
  if (failure.fatal) return { becomes: "failed", reason: failure.message, failures: counted };
  if (counted >= maxFailures) {
    return { becomes: "failed", reason: `failed ${counted} times; last: ${failure.message}`, failures: counted };
  }
  return { becomes: "ready", delaySeconds: firstDelaySeconds * 2 ** (counted - 1), failures: counted };
}
