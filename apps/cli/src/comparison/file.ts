import {
  type ComparisonGroup,
  type ExperimentSpecInput,
  fieldErrors,
  ReluctantError,
  type SpecFields,
} from "@reluctant/contracts";
import { comparisonSchema, experimentSpecSchema } from "@reluctant/stages/definitions";
import { readYaml } from "../yaml-file.ts";

export interface Member {
  label: string | undefined;
  spec: ExperimentSpecInput;
}

export type Group = Omit<ComparisonGroup, "common" | "experiments"> & { members: Member[] };

export interface Comparison {
  title: string;
  about: string | undefined;
  groups: Group[];
}

/** Reads and checks a comparison. @throws ReluctantError that names the file, and the group and field at fault */
export const readComparison = async (path: string): Promise<Comparison> => comparisonOf(path, await readYaml(path));

/** Checks what a file holds. */
export function comparisonOf(path: string, written: unknown): Comparison {
  const checked = comparisonSchema.safeParse(written);
  if (!checked.success)
    throw new ReluctantError("invalid-spec", `${path} is not a valid comparison`, fieldErrors(checked.error, "file"));
  const { title, about, common, groups } = checked.data;
  return {
    title,
    about,
    groups: groups.map(({ experiments, common: shared, ...group }, g) => ({
      ...group,
      members: experiments.map(({ label, ...own }, index) => {
        const name = `${title} - ${group.title}${experiments.length > 1 ? ` ${index + 1}` : ""}`;
        return {
          label,
          spec: specOf({ path, field: `groups[${g}].experiments[${index}]` }, name, [common, shared, own]),
        };
      }),
    })),
  };
}

function specOf(at: { path: string; field: string }, name: string, layers: readonly SpecFields[]): ExperimentSpecInput {
  const spec = layers.reduce<SpecFields>(above, { name });
  const checked = experimentSpecSchema.safeParse(spec);
  if (!checked.success)
    throw new ReluctantError(
      "invalid-spec",
      `${at.path} is not a valid comparison`,
      fieldErrors(checked.error, "").map(({ field, message }) => ({
        field: [at.field, field].filter(Boolean).join("."),
        message,
      })),
    );
  return spec as unknown as ExperimentSpecInput;
}

/** `own` fields above those `below`, settings value by value. */
function above(below: SpecFields, own: SpecFields): SpecFields {
  if (!below.settings || !own.settings) return { ...below, ...own };
  const groups = new Set([...Object.keys(below.settings), ...Object.keys(own.settings)]) as Set<
    keyof typeof below.settings
  >;
  const merged = [...groups].map((group) => [group, { ...below.settings?.[group], ...own.settings?.[group] }]);
  return { ...below, ...own, settings: Object.fromEntries(merged) };
}
