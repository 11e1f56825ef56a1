import { type Page, type Priority, priorities, readTrialCursor, type Trial } from "@reluctant/contracts";
import { type Statements, sql } from "@reluctant/db";
import { trialState } from "@reluctant/relu";
import { found, visibleTeam } from "./authorize.ts";
import { cursorOf } from "./cursor.ts";
import type { Caller, Deps } from "./deps.ts";

/** Trials of an experiment in the plan's order. */
export async function listTrials(
  { db }: Deps,
  { identity, experimentId, after, limit }: { identity: Caller; experimentId: string; after?: string; limit: number },
): Promise<Page<Trial>> {
  const visible = await db.prisma.experiment.findFirst({
    where: { id: experimentId, ...ofTeam(identity) },
    select: { id: true },
  });
  found(visible, "experiment", experimentId);
  const rows = await db.prisma.trial.findMany({
    where: { experimentId, number: { gt: after === undefined ? -1 : cursorOf(readTrialCursor, after) } },
    orderBy: { number: "asc" },
    take: limit + 1,
    select: { id: true, number: true },
  });
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

export const readTrial = async (t: Statements, id: string): Promise<Trial> =>
  trialOf(await t.one(sql.trials, { trialIds: [id] }));

/** The id of a trial's experiment. @throws ReluctantError `not-found` where there is none, or it is another team's */
export async function experimentOfTrial(
  { db }: Pick<Deps, "db">,
  { identity, id }: { identity: Caller; id: string },
): Promise<string> {
  const trial = await db.prisma.trial.findFirst({
    where: { id, experiment: ofTeam(identity) },
    select: { experimentId: true },
  });
  return found(trial, "trial", id).experimentId;
}

function ofTeam(identity: Caller): { teamId?: string } {
  const team = visibleTeam(identity);
  return team === null ? {} : { teamId: team };
}

const trialOf = ({ number, experimentState, ...row }: sql.TrialRow): Trial => ({
  ...row,
  state: trialState(row.needs, experimentState),
  priority: priorities[row.priority] as Priority,
  needs: row.needs.map(({ released, paused, ...need }) => need),
});
