import { type RowOf, sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

export type DatasetPart = RowOf<typeof sql.datasetParts>;

/** The shards of a version that was pushed, in the order of its files; none where nobody pushed it. */
export const datasetParts = ({ db }: Pick<Deps, "db">, version: string): Promise<DatasetPart[]> =>
  db.many(sql.datasetParts, { version });
