import type { Worker } from "@reluctant/contracts";
import { sql, type Tx } from "@reluctant/db";
import { found, requireRole } from "./authorize.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { workerOf } from "./list-workers.ts";

/** Takes a worker out of service at a person's wish: it gets no more work, and what it runs goes on. Twice is the same as once. */
export const drainWorker = (
  { db }: Deps,
  { identity, name, reason }: { identity: Caller; name: string; reason?: string | undefined },
): Promise<Worker> => {
  requireRole(identity, "admin");
  return db.tx(async (t) => {
    const why = `by ${identity.name}${reason ? `: ${reason}` : ""}`;
    const row = await t.maybe(sql.drainWorker, { name, reason: why });
    const { id } = found(row, "worker", name);
    await auditWorker(t, identity, { action: "worker.drain", subject: id, detail: { name, reason: why } });
    return readWorker(t, id);
  });
};

/** Puts it back into service; what it lost before counts no more. */
export const undrainWorker = (deps: Deps, { identity, name }: { identity: Caller; name: string }): Promise<Worker> => {
  requireRole(identity, "admin");
  return commit(deps, async (t) => {
    const row = await t.maybe(sql.undrainWorker, { name });
    const { id } = found(row, "worker", name);
    t.concerned.add("dispatch"); // its slot is free again
    await auditWorker(t, identity, { action: "worker.undrain", subject: id, detail: { name } });
    return readWorker(t, id);
  });
};

export const auditWorker = (
  t: Tx,
  { teamId, name: actor }: Caller,
  event: { action: string; subject: string; detail: { name: string; reason?: string } },
) => t.run(sql.insertAuditEvent, { teamId, actor, ...event });

export async function readWorker(t: Tx, id: string): Promise<Worker> {
  return workerOf(await t.one(sql.workers, { leaseSeconds, workerId: id }));
}
