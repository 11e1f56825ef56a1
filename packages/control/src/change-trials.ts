import {
  budgetCount,
  type Priority,
  ReluctantError,
  type Trial,
  type TrialCommand,
  type TrialFilter,
  type TrialState,
  type TrialsChanged,
  trialCommands,
} from "@reluctant/contracts";
import { type RowOf, sql } from "@reluctant/db";
import { trialState } from "@reluctant/relu";
import { found, requireRole } from "./authorize.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { finishExperiments } from "./finish-experiments.ts";
import {
  announceState,
  auditExperiment,
  findOwnExperiment,
  type LockedExperiment,
  lockOwnExperiment,
  type OwnExperiment,
} from "./own-experiment.ts";
import { retryTrials } from "./retry-experiment.ts";
import { refusePaused } from "./revise-experiment.ts";
import { stopPaused } from "./stop-paused.ts";
import { stopUnneeded } from "./stop-unneeded.ts";
import { experimentOfTrial, readTrial } from "./trials.ts";
import { priorityRank } from "./write-trials.ts";

/** What is asked of trials. */
export type TrialChange = { command: Exclude<TrialCommand, "priority"> } | { command: "priority"; priority: Priority };

type TrialOfExperiment = RowOf<typeof sql.trialStates> & { state: TrialState };

/**
 * Changes the trials of an experiment that a filter selects and that the command is for; the others stay as they are. What
 * other trials need too goes on for them.
 * @throws ReluctantError `conflict` where the experiment is paused and trials of it are to be retried
 */
export function changeTrials(
  deps: Deps,
  { identity, experimentId, filter, change }: TrialsOf & { filter: TrialFilter; change: TrialChange },
): Promise<TrialsChanged> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await takeExperiment(t, { identity, experimentId }, change);
    const all = await trialsOf(t, experiment, null);
    const chosen = all.filter((trial) => isFor(change, trial) && selects(filter, trial));
    await apply(t, { identity, experiment }, chosen, change);
    return { changed: chosen.length, experiment: await experimentSummary(t, experimentId) };
  });
}

/**
 * Changes one trial alone. Pausing, resuming or cancelling it twice is the same as once.
 * @throws ReluctantError `conflict` where it is in no state that the command is for
 */
export async function changeTrial(
  deps: Deps,
  { identity, trialId, change }: { identity: Caller; trialId: string; change: TrialChange },
): Promise<Trial> {
  requireRole(identity, "member");
  const experimentId = await experimentOfTrial(deps, { identity, id: trialId });
  return commit(deps, async (t) => {
    const experiment = await takeExperiment(t, { identity, experimentId }, change);
    const chosen = await trialsOf(t, experiment, [trialId]);
    const asked = chosen.filter((trial) => isFor(change, trial));
    if (asked.length === 0) refuseUnlessDone(change, found(chosen[0], "trial", trialId));
    await apply(t, { identity, experiment }, asked, change);
    return readTrial(t, trialId);
  });
}

interface TrialsOf {
  identity: Caller;
  experimentId: string;
}

/** A retry plans more for it, and so locks stage runs first. */
const takeExperiment = async (
  t: CommandTx,
  { identity, experimentId }: TrialsOf,
  { command }: TrialChange,
): Promise<LockedExperiment> =>
  command === "retry"
    ? { ...(await findOwnExperiment(t, identity, experimentId)), stageRunIds: [] }
    : lockOwnExperiment(t, identity, experimentId);

const trialsOf = async (
  t: CommandTx,
  { id: experimentId, state }: OwnExperiment,
  trialIds: string[] | null,
): Promise<TrialOfExperiment[]> =>
  (await t.many(sql.trialStates, { experimentId, trialIds })).map((trial) => ({
    ...trial,
    state: trialState(trial.needs, state),
  }));

const isFor = ({ command }: TrialChange, { state }: { state: TrialState }): boolean => {
  const states: readonly TrialState[] = trialCommands[command];
  return states.includes(state);
};

/** States of a trial in which nothing is left for a command to do. */
const done: Partial<Record<TrialCommand, readonly TrialState[]>> = {
  pause: ["paused"],
  resume: ["waiting", "running"],
  cancel: ["cancelled"],
};

function refuseUnlessDone({ command }: TrialChange, { id, state }: TrialOfExperiment): void {
  if (done[command]?.includes(state)) return;
  const wanted = trialCommands[command].join(" or ");
  throw new ReluctantError("conflict", `trial ${id} is ${state}: ${command} is for one that is ${wanted}`);
}

/** A share is that of the model's ReLUs, as in the spec. */
function selects(filter: TrialFilter, { method, budget, seed, state, modelRelus }: TrialOfExperiment): boolean {
  const budgets = filter.budgets?.map((wanted) => budgetCount(wanted, modelRelus));
  return (
    (filter.methods?.includes(method) ?? true) &&
    (budgets === undefined || (budget !== null && budgets.includes(budget))) &&
    (filter.seeds?.includes(seed) ?? true) &&
    (filter.states?.includes(state) ?? true)
  );
}

interface Whose {
  identity: Caller;
  experiment: LockedExperiment;
}

async function apply(t: CommandTx, whose: Whose, chosen: TrialOfExperiment[], change: TrialChange): Promise<void> {
  if (chosen.length === 0) return;
  const { identity, experiment } = whose;
  const detail = { ...change, trials: chosen.length, ...(chosen.length === 1 && { trialId: chosen[0]?.id }) };
  await auditExperiment(t, identity, { action: "trials", experimentId: experiment.id, detail });
  if (change.command !== "retry") await announceState(t, experiment); // which says it itself
  t.concerned.add("dispatch");
  const trialIds = chosen.map(({ id }) => id);
  switch (change.command) {
    case "pause":
      await t.run(sql.pauseTrials, { trialIds, paused: true });
      return stopPaused(t, experiment.stageRunIds, `paused by ${identity.name}`);
    case "resume":
      return t.run(sql.pauseTrials, { trialIds, paused: false });
    case "priority":
      return t.run(sql.prioritizeTrials, { trialIds, priority: priorityRank(change.priority) });
    case "cancel":
      return cancelTrials(t, chosen);
    case "retry":
      refusePaused(experiment);
      return retryTrials(t, whose, chosen);
  }
}

/** What only they waited for stops at once; an experiment that then waits for nothing ends. */
async function cancelTrials(t: CommandTx, trials: TrialOfExperiment[]): Promise<void> {
  const waitedFor = await t.many(sql.releaseNeedsOfTrials, { trialIds: trials.map(({ id }) => id) });
  const stageRunIds = waitedFor.map(({ id }) => id);
  await stopUnneeded(t, stageRunIds, { how: "now", reason: "no trial needs it any more" });
  const [any] = trials.flatMap(({ needs }) => needs);
  if (any) await finishExperiments(t, [any.stageRunId]);
}
