import { accept, type DatasetPush, type DatasetPushAnswer, datasetPushSchema } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { commit } from "./commit.ts";
import { addDataset } from "./datasets.ts";
import type { Caller, Deps } from "./deps.ts";
import { pushedDatasets } from "./pushed-datasets.ts";

/**
 * Offers a prepared data set to all workers, whose shards are artifacts: from then on a worker that lacks it fetches them. Answers
 * which shards are not stored yet, and does nothing while there are any; to push again what was pushed changes nothing.
 */
export async function pushDataset(
  deps: Deps,
  { identity, push }: { identity: Caller; push: DatasetPush },
): Promise<DatasetPushAnswer> {
  const { dataset, files } = accept(datasetPushSchema, push, "dataset");
  const parts = files.flatMap(({ path, shards }) => shards.map((sha256, part) => ({ path, part, sha256 })));
  const { version } = dataset;
  const { teamId, name: actor } = identity;
  return commit(deps, async (t) => {
    await t.one(sql.lockName, { name: pushedDatasets });
    const missing = await t.many(sql.keepArtifacts, { sha256s: [...new Set(parts.map(({ sha256 }) => sha256))] });
    if (missing.length > 0) return { missing: missing.map(({ sha256 }) => sha256), dataset: null };
    const registered = await addDataset(t, dataset);
    if (!(await t.maybe(sql.pushDatasetVersion, { version }))) return { missing: [], dataset: registered };
    await t.run(sql.putDatasetParts, {
      version,
      paths: parts.map(({ path }) => path),
      parts: parts.map(({ part }) => part),
      sha256s: parts.map(({ sha256 }) => sha256),
    });
    await t.run(sql.offerDataset, { version });
    await t.run(sql.insertAuditEvent, { teamId, actor, action: "dataset.push", subject: version, detail: {} });
    t.concerned.add("dispatch"); // workers can run what they could not
    return { missing: [], dataset: registered };
  });
}
