import type { AttemptState, StageKind } from "@reluctant/contracts";
import { utcText } from "./utc-text.ts";

/** How one of a worker's attempts ended, as Postgres tells it. */
export interface WorkerEnding {
  state: AttemptState;
  stageRunId: string;
  kind: StageKind;
  /** When its last lease ran out, or would have. */
  at: string;
  /** It left a checkpoint that the next attempt went on from. */
  checkpointed: boolean;
  /** No other worker was lost within one lease of it. */
  alone: boolean;
  /** The other worker on which its stage run succeeded. */
  succeededOn: string | null;
}

/** A worker that takes work, and the attempts of its name since it is trusted, newest first. */
export interface WorkerRecord {
  name: string;
  pool: string;
  endings: readonly WorkerEnding[];
}

/**
 * What an ending says of its worker:
 *
 * | ending     | what happened                                                           | what it says            |
 * | ---------- | ----------------------------------------------------------------------- | ----------------------- |
 * | `survived` | the worker reported the end itself, whatever it was                     | sound: the row ends here |
 * | `excused`  | lost beside another worker, or after a checkpoint                       | nothing                 |
 * | `open`     | lost alone, but its stage run has not succeeded elsewhere               | nothing yet             |
 * | `blamed`   | lost alone, and its stage run succeeded on another worker               | one more that the worker may explain |
 */
export type Blame = "survived" | "excused" | "open" | "blamed";

export const blameOf = ({ state, checkpointed, alone, succeededOn }: WorkerEnding): Blame => {
  if (state !== "lost") return "survived";
  if (checkpointed || !alone) return "excused";
  return succeededOn === null ? "open" : "blamed";
};

/** Stage runs that a worker must have taken with it in a row, all of which then succeeded elsewhere, before it is drained. */
export const blamedStageRuns = 3;

/** The workers to drain, each with the reason. Never the last of a pool: broken or not, nothing else is left to try. */
export function brokenWorkers(workers: readonly WorkerRecord[]): { name: string; reason: string }[] {
  const left = new Map<string, number>();
  for (const { pool } of workers) left.set(pool, (left.get(pool) ?? 0) + 1);
  return workers.flatMap(({ name, pool, endings }) => {
    const blamed = blamedOf(endings);
    const others = (left.get(pool) ?? 0) - 1;
    if (blamed.length < blamedStageRuns || others < 1) return [];
    left.set(pool, others);
    const history = blamed
      .reverse()
      .map(({ kind, at, succeededOn }) => `${kind} (${utcText(at)}; then on ${succeededOn})`);
    return [{ name, reason: `its last attempts were lost, and succeeded elsewhere: ${history.join(", ")}` }];
  });
}

/** The newest blamed ending of each stage run since the worker last survived one. */
function blamedOf(endings: readonly WorkerEnding[]): WorkerEnding[] {
  const blamed = new Map<string, WorkerEnding>();
  for (const ending of endings) {
    const blame = blameOf(ending);
    if (blame === "survived") break;
    if (blame === "blamed" && !blamed.has(ending.stageRunId)) blamed.set(ending.stageRunId, ending);
  }
  return [...blamed.values()];
}
