import type { DatasetCard, PreparingDataset } from "@reluctant/contracts";
import { arrayOf, bytes, float, int, json, nullable, text, timestamp, uuid, word } from "../postgres-types.ts";
import { type RowOf, statement } from "../statement.ts";

export const registerDataset = statement("register-dataset", { takes: { name: text } });
const shape = {
  sha256: text,
  classes: arrayOf(text),
  inputShape: arrayOf(int),
  trainCount: int,
  validationCount: int,
  testCount: int,
};
export const registerDatasetVersion = statement("register-dataset-version", { takes: { name: text, ...shape } });
export const addDatasetName = statement("add-dataset-name", { takes: { name: text, sha256: text } });
export const datasetVersion = statement("dataset-version", {
  takes: { sha256: text },
  gives: { name: text, ...shape, createdAt: timestamp },
});
export const datasetVersions = statement("dataset-versions", {
  takes: { teamId: nullable(uuid) },
  gives: { name: text, alsoNamed: arrayOf(text), ...shape, createdAt: timestamp },
});
export const keepDatasetCard = statement("keep-dataset-card", {
  takes: { sha256: text, facts: json<DatasetCard>(), sheet: bytes },
});
export const datasetCard = statement("dataset-card", {
  takes: { sha256: text },
  gives: { facts: json<DatasetCard>() },
});
export const datasetSheet = statement("dataset-sheet", { takes: { sha256: text }, gives: { sheet: bytes } });
export const datasetNames = statement("dataset-names", { takes: { teamId: uuid, limit: int }, gives: { name: text } });
export const findDataset = statement("find-dataset", {
  takes: { teamId: uuid, name: text, digits: text },
  gives: {
    name: text,
    version: text,
    classes: arrayOf(text),
    inputShape: arrayOf(int),
    trainCount: int,
    /** What the version was called first, as screens call it. */
    firstName: text,
    /** The only team that may see it, or null. */
    teamId: nullable(text),
  },
});
export type FoundDataset = RowOf<typeof findDataset>;

export const preparingDatasets = statement("preparing-datasets", {
  takes: { leaseSeconds: int },
  gives: {
    name: text,
    step: word<PreparingDataset["step"]>(),
    done: int,
    total: nullable(int),
    imagesPerSecond: nullable(float),
    etaSeconds: nullable(float),
    workers: arrayOf(text),
  },
});

export const pushDatasetVersion = statement("push-dataset-version", {
  takes: { version: text },
  gives: { sha256: text },
});
export const putDatasetParts = statement("put-dataset-parts", {
  takes: { version: text, paths: arrayOf(text), parts: arrayOf(int), sha256s: arrayOf(text) },
});
export const offerDataset = statement("offer-dataset", { takes: { version: text } });
export const datasetParts = statement("dataset-parts", {
  takes: { version: text },
  gives: { path: text, part: int, sha256: text, bytes: float },
});

export const unusableDatasets = statement("unusable-datasets", {
  takes: { leaseSeconds: int },
  gives: { name: text, reason: text, fix: text, workers: arrayOf(text) },
});
