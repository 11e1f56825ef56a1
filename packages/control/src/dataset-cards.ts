import { accept, type DatasetCard, type DatasetDetail, datasetCardSchema, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { listDatasets } from "./datasets.ts";
import type { Caller, Deps } from "./deps.ts";
import { findDataset, unknownDataset } from "./plan-spec.ts";

/** Keeps what people are shown of a version that is registered; the first that comes stays. */
export async function keepDatasetCard(
  { db }: Pick<Deps, "db">,
  { version, card, sheet }: { version: string; card: DatasetCard; sheet: Uint8Array },
): Promise<void> {
  await db.run(sql.keepDatasetCard, { sha256: version, facts: accept(datasetCardSchema, card, "card"), sheet });
}

/** A data set by `name` or `name@version`, with its card. */
export async function getDataset(
  deps: Deps,
  { identity, dataset }: { identity: Caller; dataset: string },
): Promise<DatasetDetail> {
  const { name, version } = await visibleDataset(deps, identity, dataset);
  const { items } = await listDatasets(deps, { identity });
  const found = items.find((each) => each.name === name && each.version === version);
  if (!found) throw new ReluctantError("not-found", `dataset ${await unknownDataset(deps.db, identity, dataset)}`);
  return { ...found, card: (await deps.db.maybe(sql.datasetCard, { sha256: version }))?.facts ?? null };
}

/** The samples on its card, as WebP. @throws not-found also where it has none yet */
export async function getDatasetSheet(
  deps: Deps,
  { identity, dataset }: { identity: Caller; dataset: string },
): Promise<{ version: string; sheet: Uint8Array }> {
  const { version } = await visibleDataset(deps, identity, dataset);
  const kept = await deps.db.maybe(sql.datasetSheet, { sha256: version });
  if (!kept)
    throw new ReluctantError(
      "not-found",
      `dataset ${dataset} has no card yet: a worker that has it in a data folder makes one`,
    );
  return { version, sheet: kept.sheet };
}

async function visibleDataset({ db }: Deps, identity: Caller, written: string) {
  const dataset = await findDataset(db, identity, written);
  if (!dataset) throw new ReluctantError("not-found", `dataset ${await unknownDataset(db, identity, written)}`);
  return dataset;
}
