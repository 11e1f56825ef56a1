import {
  accept,
  type Dataset,
  type DatasetList,
  type DatasetRegistration,
  datasetRegistrationSchema,
} from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { visibleTeam } from "./authorize.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Caller, Deps } from "./deps.ts";

/**
 * Registers a dataset version under its name; the installation shares it. The same version again, of a folder that was
 * renamed or copied, is the same one under the name it has, which is answered: bytes decide what it is.
 */
export async function registerDataset({ db }: Pick<Deps, "db">, registration: DatasetRegistration): Promise<Dataset> {
  const { name, version: sha256, splits, ...shape } = accept(datasetRegistrationSchema, registration, "dataset");
  return db.tx(async (t) => {
    const known = await t.maybe(sql.datasetVersion, { sha256 });
    if (known) return datasetOf(known);
    await t.run(sql.registerDataset, { name });
    await t.run(sql.registerDatasetVersion, {
      ...shape,
      name,
      sha256,
      trainCount: splits.train,
      validationCount: splits.validation,
      testCount: splits.test,
    });
    return datasetOf(await t.one(sql.datasetVersion, { sha256 }));
  });
}

/**
 * Dataset versions that a caller may see, by name, newest first, and what the data folders of the workers that are there
 * hold besides. The machines are shared, so every team sees what is wrong on them.
 */
export async function listDatasets({ db }: Deps, { identity }: { identity: Caller }): Promise<DatasetList> {
  const team = visibleTeam(identity);
  const versions = await db.prisma.datasetVersion.findMany({
    where: team === null ? {} : { dataset: { OR: [{ teamId: null }, { teamId: team }] } },
    include: { dataset: true },
    orderBy: [{ dataset: { name: "asc" } }, { createdAt: "desc" }],
  });
  return {
    items: versions.map(({ dataset, ...version }) => datasetOf({ ...dataset, ...version })),
    unusable: await db.many(sql.unusableDatasets, { leaseSeconds }),
  };
}

interface StoredVersion {
  name: string;
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
  version: stored.sha256,
  classes: stored.classes,
  inputShape: stored.inputShape as Dataset["inputShape"],
  splits: { train: stored.trainCount, validation: stored.validationCount, test: stored.testCount },
  createdAt: stored.createdAt.toISOString(),
});
