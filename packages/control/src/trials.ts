import { type Page, readTrialCursor, type Trial } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
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
  const visible = await db.prisma.trial.findFirst({
    where: { id, experiment: ofTeam(identity) },
    select: { id: true },
  });
  found(visible, "trial", id);
  return trialOf(await db.one(sql.trials, { trialIds: [id] }));
}

function ofTeam(identity: Caller): { teamId?: string } {
  const team = visibleTeam(identity);
  return team === null ? {} : { teamId: team };
}

const trialOf = ({ number, experimentState, ...row }: sql.TrialRow): Trial => ({
  ...row,
  state: trialState(
    row.needs.map(({ state }) => state),
    experimentState,
  ),
});
