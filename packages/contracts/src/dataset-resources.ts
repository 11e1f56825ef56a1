import { z } from "zod";
import { labelSchema, nameSchema, sha256Schema, timestampSchema } from "./primitives.ts";
import { preparingDatasetSchema, unusableDatasetSchema } from "./worker.ts";

/** Data sets as the API tells of them, and as workers and people bring them. */

export const datasetSchema = z.object({
  name: z.string(),
  /** Other names of the same version: of folders that were renamed or copied. */
  alsoNamed: z.array(z.string()),
  version: sha256Schema,
  classes: z.array(z.string()),
  inputShape: z.tuple([z.int(), z.int(), z.int()]),
  splits: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
  createdAt: timestampSchema,
});
export type Dataset = z.infer<typeof datasetSchema>;

/** Registration of a dataset version by a worker or the local stack; the version is the manifest's hash. */
export const datasetRegistrationSchema = datasetSchema
  .omit({ alsoNamed: true, createdAt: true })
  .extend({ name: nameSchema, classes: z.array(labelSchema) });
export type DatasetRegistration = z.infer<typeof datasetRegistrationSchema>;

const splitNames = ["train", "validation", "test"] as const;

/** What people are shown of a data set. A worker makes it when it has prepared the version. */
export const datasetCardSchema = z.object({
  classes: z.array(z.object({ name: z.string(), train: z.int(), validation: z.int(), test: z.int() })),
  /** Null where an earlier version prepared it, which did not keep them. */
  preparation: z
    .object({
      /** Images whose bytes lie in two splits, with a few of their names in both. */
      duplicates: z.array(
        z.object({
          between: z.tuple([z.enum(splitNames), z.enum(splitNames)]),
          images: z.int(),
          examples: z.array(z.tuple([z.string(), z.string()])),
        }),
      ),
      /** Images that were left out for they cannot be decoded: how many, and some with the reason. */
      broken: z.object({ images: z.int(), examples: z.array(z.object({ file: z.string(), reason: z.string() })) }),
    })
    .nullable(),
  /** How the sheet of samples is laid out: a row of squares for each of the first classes, a gap before each and after the last. */
  sheet: z.object({ rows: z.int(), columns: z.int(), side: z.int(), gap: z.int() }),
});
export type DatasetCard = z.infer<typeof datasetCardSchema>;

export const datasetDetailSchema = datasetSchema.extend({
  /** Null before a worker has made it. */
  card: datasetCardSchema.nullable(),
});
export type DatasetDetail = z.infer<typeof datasetDetailSchema>;

/** A prepared data set whose shards are artifacts: its files, each the shards that it consists of, in order. */
export const datasetPushSchema = z.object({
  dataset: datasetRegistrationSchema,
  files: z
    .array(
      z.object({
        path: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, "must be the name of a prepared file"),
        shards: z.array(sha256Schema).min(1),
      }),
    )
    .min(1)
    .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, "must name each path once"),
});
export type DatasetPush = z.infer<typeof datasetPushSchema>;

export const datasetPushAnswerSchema = z.object({
  /** Shards that are to be stored first; empty once the data set is pushed. */
  missing: z.array(sha256Schema),
  dataset: datasetSchema.nullable(),
});
export type DatasetPushAnswer = z.infer<typeof datasetPushAnswerSchema>;

export const datasetListSchema = z.object({
  items: z.array(datasetSchema),
  /** What workers that are there prepare, each as far as the furthest of them. */
  preparing: z.array(preparingDatasetSchema.extend({ workers: z.array(z.string()) })),
  /** What the data folders of the workers that are there hold besides, each with the workers that told it. */
  unusable: z.array(unusableDatasetSchema.extend({ workers: z.array(z.string()) })),
});
export type DatasetList = z.infer<typeof datasetListSchema>;
