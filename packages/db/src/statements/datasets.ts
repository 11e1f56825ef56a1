import { arrayOf, int, nullable, text, uuid } from "../postgres-types.ts";
import { type RowOf, statement } from "../statement.ts";

export const datasetNames = statement("dataset-names", { takes: { teamId: uuid, limit: int }, gives: { name: text } });
export const findDataset = statement("find-dataset", {
  takes: { teamId: uuid, name: text, digits: text },
  gives: {
    name: text,
    version: text,
    classes: arrayOf(text),
    inputShape: arrayOf(int),
    trainCount: int,
    /** The only team that may see it, or null. */
    teamId: nullable(text),
  },
});
export type FoundDataset = RowOf<typeof findDataset>;

export const unusableDatasets = statement("unusable-datasets", {
  takes: { leaseSeconds: int },
  gives: { name: text, reason: text, fix: text, workers: arrayOf(text) },
});
