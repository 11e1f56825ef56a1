import {
  accept,
  type Dataset,
  type DatasetList,
  type DatasetRegistration,
  datasetRegistrationSchema,
} from "@reluctant/contracts";
import { sql, type Tx } from "@reluctant/db";
import { visibleTeam } from "./authorize.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";

/**
 * Registers a dataset version under its name; the installation shares it. Bytes decide what it is: the same version again, of
 * a folder that was renamed or copied, is the same one under a further name.
 */
export const registerDataset = async (
  { db }: Pick<Deps, "db">,
  registration: DatasetRegistration,
): Promise<Dataset> => {
  const accepted = accept(datasetRegistrationSchema, registration, "dataset");
  return db.tx((t) => addDataset(t, accepted));
};

/** As a part of another command. */
export async function addDataset(
  t: Tx,
  { name, version: sha256, splits, ...shape }: DatasetRegistration,
): Promise<Dataset> {
  const known = await t.maybe(sql.datasetVersion, { sha256 });
  if (known?.name === name) return datasetOf(known);
  await t.run(sql.registerDataset, { name });
  await t.run(sql.registerDatasetVersion, {
    ...shape,
    name,
    sha256,
    trainCount: splits.train,
    validationCount: splits.validation,
    testCount: splits.test,
  });
  const stored = await t.one(sql.datasetVersion, { sha256 });
  if (stored.name === name) return datasetOf(stored);
  await t.run(sql.addDatasetName, { name, sha256 });
  return datasetOf({ ...stored, name, alsoNamed: [stored.name] });
}

/**
 * Dataset versions that a caller may see under each of their names, by name, newest first; what workers that are there
 * prepare; and what their data folders hold besides. The machines are shared, so every team sees what is wrong on them.
 */
export async function listDatasets({ db }: Deps, { identity }: { identity: Caller }): Promise<DatasetList> {
  const versions = await db.many(sql.datasetVersions, { teamId: visibleTeam(identity) });
  return {
    items: versions.map(datasetOf),
    preparing: await db.many(sql.preparingDatasets, { leaseSeconds }),
    unusable: await db.many(sql.unusableDatasets, { leaseSeconds }),
  };
}

interface StoredVersion {
  name: string;
  alsoNamed?: string[];
  sha256: string;
  classes: string[];
  inputShape: number[];
  trainCount: number;
  validationCount: number;
  testCount: number;
  createdAt: Date;
}

const datasetOf = (stored: StoredVersion): Dataset => ({
  name: stored.name,
  alsoNamed: stored.alsoNamed ?? [],
  version: stored.sha256,
  classes: stored.classes,
  inputShape: stored.inputShape as Dataset["inputShape"],
  splits: { train: stored.trainCount, validation: stored.validationCount, test: stored.testCount },
  createdAt: stored.createdAt.toISOString(),
});
