import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type {
  ArtifactRef,
  DatasetRegistration,
  ExperimentSpecInput,
  ResultOf,
  WorkerRegistration,
} from "@reluctant/contracts";
import type { Deps } from "@reluctant/control";
import { implementationVersions } from "@reluctant/stages/definitions";
import { engineOf } from "@reluctant/testkit";

/** A data set that no file belongs to. */
export const dataset: DatasetRegistration = {
  name: "none",
  version: "0".repeat(64),
  classes: Array.from({ length: 10 }, (_, index) => `class ${index}`),
  inputShape: [32, 32, 3],
  splits: { train: 900, validation: 100, test: 100 },
};

/** One training run a seed, and nothing after it. */
export const specOf = (seeds: number[], change: Partial<ExperimentSpecInput> = {}): ExperimentSpecInput => ({
  name: "crash",
  dataset: dataset.name,
  model: "resnet8",
  recipe: "debug",
  until: "train",
  settings: { train: { length: { images: 32 } } },
  seeds,
  ...change,
});

export const trained: ResultOf<"train"> = {
  kind: "train",
  images: 32,
  reluCount: 73_728,
  validationAccuracy: 0.1,
  testAccuracy: 0.1,
};

const bytesOf = (seed: number): Uint8Array => Buffer.from(`weights of seed ${seed}`);
/** SHA-256 of what a stage run of this seed leaves, whoever runs it and however often. */
export const sha256Of = (seed: number): string => createHash("sha256").update(bytesOf(seed)).digest("hex");

/** Uploads them, as every worker uploads. */
export async function weightsOf({ artifacts }: Deps, attemptId: string, seed: number): Promise<ArtifactRef> {
  const mediaType = "application/octet-stream";
  const bytes = (async function* () {
    yield bytesOf(seed);
  })();
  return { role: "weights", variant: "full", mediaType, ...(await artifacts.put({ attemptId, mediaType, bytes })) };
}

export const registrationOf = (name: string, datasetVersion: string): WorkerRegistration => ({
  name,
  hostname: hostname(),
  pool: "default",
  engine: engineOf({ backend: "none", device: "none" }),
  versions: implementationVersions,
  datasets: [datasetVersion],
  unusableDatasets: [],
  preparingDatasets: [],
});
