import type { Waiting } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { shareHalfLifeSeconds as halfLifeSeconds, whyWaiting } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";
import { requireAccess } from "./stage-runs.ts";
import { mostLookedAt, waitingIn } from "./waiting-in.ts";

/** Why a stage run has no slot yet, by the order in which slots are given now. */
export async function explainWaiting(
  { db }: Pick<Deps, "db">,
  { identity, stageRunId }: { identity: Caller; stageRunId: string },
): Promise<Waiting> {
  await requireAccess({ db }, identity, stageRunId);
  const facts = await db.maybe(sql.waitingFacts, { stageRunId, leaseSeconds, halfLifeSeconds });
  if (!facts) return { waiting: null };
  const [{ unservable }, turns] = await Promise.all([
    db.one(sql.stageRuns, { stageRunIds: [stageRunId], experimentId: null, leaseSeconds }),
    facts.state === "ready" ? waitingIn(db, facts, mostLookedAt) : [],
  ]);
  const place = turns.findIndex((turn) => turn.stageRunId === stageRunId);
  return { waiting: whyWaiting({ ...facts, unservable, ahead: place === -1 ? null : place }) };
}
