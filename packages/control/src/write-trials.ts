import { randomUUID } from "node:crypto";
import { type Priority, priorities } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { PlannedTrial } from "@reluctant/relu";
import type { CommandTx } from "./commit.ts";
import type { PlannedSpec } from "./plan-spec.ts";
import { inBatches } from "./slices.ts";
import { runOf, type WrittenStageRun } from "./write-stage-runs.ts";

/** Stored as a number so that SQL can take the highest of a stage run's needs. */
export const priorityRank = (priority: Priority): number => priorities.indexOf(priority);

/** A plan of these trials alone, with the stage runs that they need. */
export function planOf(plan: PlannedSpec, trials: PlannedTrial[]): PlannedSpec {
  const needed = new Set(trials.flatMap(({ stageKeys }) => stageKeys));
  return { ...plan, trials, stageRuns: plan.stageRuns.filter(({ stageKey }) => needed.has(stageKey)) };
}

/** One plan of the trials of two, on the same data. */
export function together(a: PlannedSpec, b: PlannedSpec): PlannedSpec {
  const stageRuns = new Map([...a.stageRuns, ...b.stageRuns].map((run) => [run.stageKey, run]));
  return {
    ...a,
    trials: [...a.trials, ...b.trials],
    stageRuns: [...stageRuns.values()],
    scopes: new Map([...a.scopes, ...b.scopes]),
  };
}

/** Whether an experiment is large enough for a tally: to count it anew whenever a screen asks takes 10 ms for each 500 trials. */
export const isTallied = (trials: number): boolean => trials >= 500;

/** Trials in the plan's order, numbered from `first`. Waits for all batches but the last. */
export async function writeTrials(
  t: CommandTx,
  { experimentId, first }: { experimentId: string; first: number },
  plan: PlannedSpec,
  runs: ReadonlyMap<string, WrittenStageRun>,
): Promise<void> {
  const needsOf = newNeeds(runs);
  let number = first;
  let sent: Promise<void> | undefined;
  for (const batch of inBatches(plan.trials)) {
    await sent;
    const rows = batch.map(({ stageKeys, ...trial }) => ({ id: randomUUID(), number: number++, ...trial, stageKeys }));
    sent = t.send(sql.insertTrials, {
      experimentId,
      model: plan.model.name,
      trials: rows.map(({ stageKeys: _, ...trial }) => trial),
      needs: rows.flatMap(({ id, stageKeys }) => needsOf(id, stageKeys)),
    });
  }
  if (isTallied(number)) t.send(sql.wantTally, { experimentId });
}

/** The needs of one trial after the other; the first that needs a new stage run is the one for which it runs. */
export function newNeeds(runs: ReadonlyMap<string, WrittenStageRun>) {
  const asked = new Set<string>();
  const needOf = (trialId: string, stageKey: string): sql.NewNeed => {
    const { id: stageRunId, origin } = runOf(runs, stageKey);
    const first = !asked.has(stageRunId);
    asked.add(stageRunId);
    return { trialId, stageRunId, origin: origin === "ran" && !first ? "shared" : origin };
  };
  return (trialId: string, stageKeys: readonly string[]): sql.NewNeed[] =>
    stageKeys.map((stageKey) => needOf(trialId, stageKey));
}
