import type { Worker } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { found, requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { auditWorker, readWorker } from "./drain-worker.ts";

/** Gives a worker no work for so many seconds, or until it is released, at a person's wish; what it runs goes on. */
export function quarantineWorker(
  deps: Deps,
  {
    identity,
    name,
    reason,
    seconds,
  }: { identity: Caller; name: string; reason?: string | undefined; seconds?: number | undefined },
): Promise<Worker> {
  requireRole(identity, "admin");
  return commit(deps, async (t) => {
    const why = `by ${identity.name}${reason ? `: ${reason}` : ""}`;
    const row = await t.maybe(sql.quarantineWorker, { name, reason: why, seconds: seconds ?? null, quarantines: 1 });
    const { id } = found(row, "worker", name);
    await auditWorker(t, identity, { action: "worker.quarantine", subject: id, detail: { name, reason: why } });
    return readWorker(t, id);
  });
}

/** Ends a worker's quarantine; what failed there before counts no more. */
export function releaseWorker(deps: Deps, { identity, name }: { identity: Caller; name: string }): Promise<Worker> {
  requireRole(identity, "admin");
  return commit(deps, async (t) => {
    const { id } = found(await t.maybe(sql.releaseWorker, { name }), "worker", name);
    t.concerned.add("dispatch"); // its slot is free again
    await auditWorker(t, identity, { action: "worker.release", subject: id, detail: { name } });
    return readWorker(t, id);
  });
}
