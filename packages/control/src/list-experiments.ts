import { type ExperimentState, type ExperimentSummary, type Page, ReluctantError } from "@reluctant/contracts";
import { listExperimentRows } from "@reluctant/db";
import { visibleTeam } from "./authorize.ts";
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
  const from = after === undefined ? null : parseCursor(after);
  const rows = await listExperimentRows(
    db.prisma,
    visibleTeam(identity),
    state ?? null,
    search ?? null,
    from?.at ?? null,
    from?.id ?? null,
    limit + 1,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: await experimentSummaries(
      db.prisma,
      page.map(({ id }) => id),
    ),
    next: rows.length > limit && last ? `${last.createdAt.toISOString()}~${last.id}` : null,
  };
}

const cursorForm = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function parseCursor(after: string): { at: string; id: string } {
  const [, at, id] = cursorForm.exec(after) ?? [];
  if (at && id) return { at, id };
  throw new ReluctantError("invalid-request", `after is no cursor of this list`, [
    { field: "after", message: "must be `next` of an earlier page" },
  ]);
}
