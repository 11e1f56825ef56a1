import type { ExperimentState, SlotResources } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
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
  resources: SlotResources;
}

/** One that is locked, and with it the unfinished stage runs that it waits for. */
export interface LockedExperiment extends OwnExperiment {
  stageRunIds: string[];
}

/** What a command read before its locks has changed: its transaction runs again from the start, as after any collision. */
export class Overtaken extends Error {
  readonly code = "40001";
}

/**
 * Locks an experiment of the caller's team, and before it the stage runs that it waits for: the order that every writer takes.
 * @throws ReluctantError `not-found` where there is none, or it is another team's
 */
export async function lockOwnExperiment(
  t: CommandTx,
  identity: Caller,
  experimentId: string,
): Promise<LockedExperiment> {
  const waitedFor = await t.many(sql.lockStageRunsOfExperiment, { experimentId });
  const own = ownOf(identity, experimentId, await t.maybe(sql.lockExperiment, { experimentId }));
  return { ...own, stageRunIds: waitedFor.map(({ id }) => id) };
}

/**
 * An experiment of the caller's team that a command plans more for. It writes, and so locks, stage runs first, and then locks
 * the experiment by `lockAsFound`: a completion of one of them may be about to finish it.
 * @throws ReluctantError as `lockOwnExperiment`
 */
export const findOwnExperiment = async (
  t: Statements,
  identity: Caller,
  experimentId: string,
): Promise<OwnExperiment> => ownOf(identity, experimentId, await t.maybe(sql.findExperiment, { experimentId }));

/** @throws Overtaken when it is in another state by now */
export async function lockAsFound(t: CommandTx, { id: experimentId, state }: OwnExperiment): Promise<void> {
  const locked = await t.maybe(sql.lockExperiment, { experimentId });
  if (locked?.state !== state) throw new Overtaken(`experiment ${experimentId} is not ${state} any more`);
}

function ownOf(identity: Caller, experimentId: string, row: OwnExperiment | null): OwnExperiment {
  const team = visibleTeam(identity);
  return found(team === null || row?.teamId === team ? row : null, "experiment", experimentId);
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
  t.send(sql.insertAuditEvent, { teamId, actor, action: `experiment.${action}`, subject: experimentId, detail });
