import { z } from "zod";
import { labelSchema, nameSchema } from "./primitives.ts";
import { settingsOverrideSchema } from "./settings.ts";

/**
 * A comparison is several experiments that are read together: a YAML file of groups, each a table of its own. What all
 * experiments have in common is written once; an experiment's own fields stand above it, and settings are merged value by
 * value.
 */
export const specFieldsSchema = z.looseObject({ settings: settingsOverrideSchema.optional() });

const memberSchema = specFieldsSchema.extend({
  /** Names the row, or of several methods what sets their rows apart; without it rows have the methods' own titles. */
  label: labelSchema.min(1).max(60).optional(),
});

const groupSchema = z.strictObject({
  /** Part of its experiments' names. */
  title: nameSchema.max(60),
  about: z.string().max(2_000).optional(),
  /** What the cells show. Choices, such as a learning rate, are made on `validation` and show nothing else. */
  accuracy: z.enum(["test", "validation"]).default("test"),
  /** Label of the row that every other one is held against, seed by seed. */
  against: z.string().optional(),
  /** Print how many of the kept units each update of the masks exchanged. */
  exchanges: z.boolean().default(false),
  /** Draw the accuracy of its rows by ReLU count. */
  plot: z.boolean().default(false),
  /** What the group's experiments have in common beside what all have. */
  common: specFieldsSchema.default({}),
  experiments: z.array(memberSchema).min(1).max(100),
});

export const comparisonSchema = z.strictObject({
  title: nameSchema.max(30),
  about: z.string().max(2_000).optional(),
  common: specFieldsSchema,
  groups: z
    .array(groupSchema)
    .min(1)
    .max(50)
    .superRefine((groups, context) => {
      const files = groups.map(({ title }) => groupFileName(title));
      files.forEach((file, group) => {
        const first = files.indexOf(file);
        if (first !== group) {
          const message = `must differ by a letter or digit from that of groups[${first}], for each names a file`;
          context.addIssue({ code: "custom", path: [group, "title"], message });
        }
      });
    }),
});

/** What a group's files are called after it. */
export const groupFileName = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, "-");

export type SpecFields = z.output<typeof specFieldsSchema>;
export type ComparisonGroup = z.output<typeof groupSchema>;
