import {
  type Page,
  type Priority,
  priorities,
  readTrialCursor,
  type Trial,
  type TrialPoint,
} from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { trialState } from "@reluctant/relu";
import { found, visibleTeam } from "./authorize.ts";
import { cursorOf } from "./cursor.ts";
import type { Caller, Deps } from "./deps.ts";
import { findOwnExperiment } from "./own-experiment.ts";
import { readPoints } from "./read-points.ts";

/** Trials of an experiment in the plan's order. */
export async function listTrials(
  { db }: Deps,
  { identity, experimentId, after, limit }: { identity: Caller; experimentId: string; after?: string; limit: number },
): Promise<Page<Trial>> {
  await findOwnExperiment(db, identity, experimentId);
  const last = after === undefined ? -1 : cursorOf(readTrialCursor, after);
  const rows = await db.many(sql.pageOfTrials, { experimentId, after: last, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const trials = await db.many(sql.trials, { trialIds: page.map(({ id }) => id) });
  return {
    items: trials.map(trialOf),
    next: rows.length > limit ? String(page.at(-1)?.number) : null,
  };
}

export async function getTrial({ db }: Deps, { identity, id }: { identity: Caller; id: string }): Promise<Trial> {
  await experimentOfTrial({ db }, { identity, id });
  return readTrial(db, id);
}

/** The partial-ReLU networks that a trial reached, with what was measured of each; none before its last stage has ended. */
export async function listTrialPoints(
  { db }: Deps,
  { identity, id }: { identity: Caller; id: string },
): Promise<TrialPoint[]> {
  await experimentOfTrial({ db }, { identity, id });
  return readPoints(db, await db.many(sql.pointsOfTrial, { trialId: id }), { teamId: visibleTeam(identity) });
}

export const readTrial = async (t: Statements, id: string): Promise<Trial> =>
  trialOf(await t.one(sql.trials, { trialIds: [id] }));

/** The id of a trial's experiment. @throws ReluctantError `not-found` where there is none, or it is another team's */
export async function experimentOfTrial(
  { db }: Pick<Deps, "db">,
  { identity, id }: { identity: Caller; id: string },
): Promise<string> {
  const team = visibleTeam(identity);
  const experiment = await db.maybe(sql.experimentOfTrial, { trialId: id });
  return found(team === null || experiment?.teamId === team ? experiment : null, "trial", id).id;
}

const trialOf = ({ number, experimentState, ...row }: sql.TrialRow): Trial => ({
  ...row,
  state: trialState(row.needs, experimentState),
  priority: priorities[row.priority] as Priority,
  needs: row.needs.map(({ released, paused, ...need }) => need),
});
