import type { ExperimentState } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { experimentTransitions, statesBefore } from "@reluctant/relu";
import { announceExperiments } from "./announce.ts";
import { found, visibleTeam } from "./authorize.ts";
import type { CommandTx } from "./commit.ts";
import type { Caller } from "./deps.ts";

/** An experiment that a command is about to change. */
export interface OwnExperiment {
  id: string;
  teamId: string;
  state: ExperimentState;
  reason: string | null;
  pool: string;
  /** The unfinished stage runs that it waits for. */
  stageRunIds: string[];
}

/**
 * Locks an experiment of the caller's team, and before it the stage runs that it waits for: the order that every writer takes.
 * @throws ReluctantError `not-found` where there is none, or it is another team's
 */
export async function lockOwnExperiment(t: CommandTx, identity: Caller, experimentId: string): Promise<OwnExperiment> {
  const waitedFor = await t.many(sql.lockStageRunsOfExperiment, { experimentId });
  const row = await t.maybe(sql.lockExperiment, { experimentId });
  const team = visibleTeam(identity);
  const own = found(team === null || row?.teamId === team ? row : null, "experiment", experimentId);
  return { ...own, stageRunIds: waitedFor.map(({ id }) => id) };
}

/** Pauses a locked experiment, or has it go on. @throws WrongRowCount when it is in no state that may be left so */
export async function moveExperiment(
  t: CommandTx,
  { id: experimentId, teamId }: Pick<OwnExperiment, "id" | "teamId">,
  { state, reason }: { state: "active" | "paused"; reason: string | null },
): Promise<void> {
  await t.one(sql.moveExperiment, { experimentId, state, reason, from: statesBefore(experimentTransitions, state) });
  await announceExperiments(t, [{ teamId, experimentId, type: "experiment.changed", data: { state, reason } }]);
}

/** An experiment goes on with what it has been given to do. */
export async function reopenExperiment(t: CommandTx, experiment: OwnExperiment): Promise<void> {
  t.concerned.add("dispatch");
  if (experiment.state !== "active") return moveExperiment(t, experiment, { state: "active", reason: null });
  await announceState(t, experiment);
}

/** Has screens look again at an experiment that changed in another way than by its state. */
export const announceState = (
  t: CommandTx,
  { id: experimentId, teamId, state, reason }: OwnExperiment,
): Promise<void> =>
  announceExperiments(t, [{ teamId, experimentId, type: "experiment.changed", data: { state, reason } }]);

/** Notes who changed an experiment, and how. */
export const auditExperiment = (
  t: CommandTx,
  { teamId, name: actor }: Caller,
  { action, experimentId, detail = {} }: { action: string; experimentId: string; detail?: Record<string, unknown> },
): Promise<void> =>
  t.run(sql.insertAuditEvent, { teamId, actor, action: `experiment.${action}`, subject: experimentId, detail });
