import {
  type ExperimentState,
  type ExperimentSummary,
  type Page,
  readExperimentCursor,
  writeExperimentCursor,
} from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { visibleTeam } from "./authorize.ts";
import { cursorOf } from "./cursor.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummaries } from "./experiment-summaries.ts";

export interface ListExperiments {
  identity: Caller;
  /** `next` of the page before. */
  after?: string;
  limit: number;
  state?: ExperimentState;
  /** Part of the name, in any case. */
  search?: string;
}

/** A page of the caller's experiments, newest first. */
export async function listExperiments(
  { db }: Deps,
  { identity, after, limit, state, search }: ListExperiments,
): Promise<Page<ExperimentSummary>> {
  const from = after === undefined ? null : cursorOf(readExperimentCursor, after);
  const rows = await db.many(sql.listExperiments, {
    teamId: visibleTeam(identity),
    state: state ?? null,
    search: search ?? null,
    afterTime: from?.at ?? null,
    afterId: from?.id ?? null,
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: await experimentSummaries(db, page),
    next: rows.length > limit && last ? writeExperimentCursor(last) : null,
  };
}
