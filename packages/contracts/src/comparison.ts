import { z } from "zod";
import { labelSchema, nameSchema } from "./primitives.ts";
import type { SettingsOverrideSchema } from "./settings.ts";

/**
 * A comparison is several experiments that are read together: a YAML file of groups, each a table of its own. What all
 * experiments have in common is written once; an experiment's own fields stand above it, and settings are merged value by
 * value.
 */
export function comparisonSchemaOf(settings: SettingsOverrideSchema) {
  const specFields = z.looseObject({ settings: settings.optional() });
  const memberSchema = specFields.extend({
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
    common: specFields.default({}),
    experiments: z.array(memberSchema).min(1).max(100),
  });

  return z.strictObject({
    title: nameSchema.max(30),
    about: z.string().max(2_000).optional(),
    common: specFields,
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
}

/** What a group's files are called after it. */
export const groupFileName = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, "-");

type Comparison = z.output<ReturnType<typeof comparisonSchemaOf>>;
export type SpecFields = Comparison["common"];
export type ComparisonGroup = Comparison["groups"][number];
