import { accept, type WorkerRegistration, workerRegistrationSchema } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { pushedDatasets } from "./pushed-datasets.ts";

const unknown = { trustedSince: null, quarantinedUntil: null, quarantineReason: null, quarantines: 0 };

/**
 * Adds a worker. One that had the name before is gone: its attempts are lost when their leases run out. Whoever replaces one
 * that fell silent goes on with its record and its quarantine, or a worker that crashes again and again would never be known as
 * broken; one that follows a clean end or a drain begins anew.
 */
export async function registerWorker(deps: Deps, registration: WorkerRegistration): Promise<{ workerId: string }> {
  const worker = accept(workerRegistrationSchema, registration, "worker");
  return commit(deps, async (t) => {
    const [, , before] = await Promise.all([
      t.one(sql.lockName, { name: `worker ${worker.name}` }),
      t.one(sql.shareName, { name: pushedDatasets }),
      t.maybe(sql.takeWorkerName, { name: worker.name }),
    ]);
    const { id } = await t.one(sql.insertWorker, { ...worker, ...(before ?? unknown) });
    t.concerned.add("dispatch"); // there is a slot more
    return { workerId: id };
  });
}
