import type { EngineInfo } from "@reluctant/contracts";
import { takeWorkerName } from "@reluctant/db";
import type { Deps } from "./deps.ts";

export interface RegisterWorker {
  name: string;
  hostname: string;
  pool: string;
  engine: EngineInfo;
  /** Implementation → the version this worker has. */
  versions: Record<string, number>;
  /** Dataset versions whose files it has. */
  datasets: string[];
}

/** Adds a worker. One that had the name before is gone: its attempts are lost when their leases run out. */
export const registerWorker = ({ db }: Deps, worker: RegisterWorker): Promise<{ workerId: string }> =>
  db.tx(async (t) => {
    await takeWorkerName(t, worker.name);
    const { id } = await t.worker.create({ data: worker, select: { id: true } });
    return { workerId: id };
  });
