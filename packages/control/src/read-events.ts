import { type Event, type EventPage, readEventCursor } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { visibleTeam } from "./authorize.ts";
import { cursorOf } from "./cursor.ts";
import type { Caller, Deps } from "./deps.ts";
import { findOwnExperiment } from "./own-experiment.ts";

/**
 * Events after a cursor, in commit order. Those of a transaction appear when no older one is still running, so a reader
 * that always passes on its last cursor misses none.
 * @throws ReluctantError `not-found` for an experiment that the caller does not have
 */
export async function readEvents(
  { db }: Deps,
  {
    identity,
    after = "0.0",
    experimentId,
    limit,
  }: { identity: Caller; after?: string; experimentId?: string; limit: number },
): Promise<EventPage> {
  const { xid, id } = cursorOf(readEventCursor, after);
  const teamId = visibleTeam(identity);
  const rows = await db.many(sql.readEvents, { xid, id, teamId, experimentId: experimentId ?? null, limit });
  if (rows.length === 0 && experimentId !== undefined) await findOwnExperiment(db, identity, experimentId);
  const events = rows.map((row) => ({ ...row, at: row.at.toISOString() }) as Event);
  return { events, cursor: events.at(-1)?.cursor ?? after };
}
