import { accept, type WorkerDatasets, workerDatasetsSchema } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { pushedDatasets } from "./pushed-datasets.ts";

/** Says what a worker has of its data folders by now: it may be given work on what it has. One that is gone stays gone. */
export async function tellDatasets(
  deps: Pick<Deps, "db" | "notifications">,
  { workerId, ...told }: { workerId: string } & WorkerDatasets,
): Promise<void> {
  const datasets = accept(workerDatasetsSchema, told, "datasets");
  await commit(deps, async (t) => {
    const [, told] = await Promise.all([
      t.one(sql.shareName, { name: pushedDatasets }),
      t.maybe(sql.tellDatasets, { workerId, ...datasets }),
    ]);
    if (told?.hasOthers) t.concerned.add("dispatch");
  });
}
