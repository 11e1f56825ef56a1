import { accept, type WorkerRegistration, workerRegistrationSchema } from "@reluctant/contracts";
import { takeWorkerName } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** Adds a worker. One that had the name before is gone: its attempts are lost when their leases run out. */
export async function registerWorker({ db }: Deps, registration: WorkerRegistration): Promise<{ workerId: string }> {
  const worker = accept(workerRegistrationSchema, registration, "worker");
  return db.tx(async (t) => {
    await takeWorkerName(t, worker.name);
    const { id } = await t.worker.create({ data: worker, select: { id: true } });
    return { workerId: id };
  });
}
