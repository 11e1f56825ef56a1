/**
 * What can be planned, and how specs and parameters are written: from the definitions of all implementations. Data alone,
 * so that a browser can have it, too.
 */
import {
  comparisonSchemaOf,
  experimentSpecSchemaOf,
  kindParams,
  type StageParams,
  settingsOverrideSchemaOf,
  storedSpecSchemaOf,
} from "@reluctant/contracts";
import { catalog, registryOf } from "@reluctant/relu";
import { z } from "zod";
import type { StageDefinition } from "./implementations/definition.ts";
import * as definitions from "./implementations/registry.ts";

export type { StageDefinition };
export type Implementation = (typeof definitions)[keyof typeof definitions]["name"];

const all: readonly StageDefinition<Implementation>[] = Object.values(definitions).sort((a, b) =>
  a.name < b.name ? -1 : 1,
); // modules list their exports as their loader likes

/** By name. */
export const implementations = catalog(
  Object.fromEntries(all.map((definition) => [definition.name, definition])) as Record<
    Implementation,
    StageDefinition<Implementation>
  >,
);

/** What a worker registers: it refuses a stage run whose version is not its own. */
export const implementationVersions: Readonly<Record<string, number>> = Object.fromEntries(
  all.map(({ name, version }) => [name, version]),
);

export const registry = registryOf(all);
export const { methods } = registry;
export const methodNames = Object.keys(methods);

const groupsOf = (kinds: readonly StageParams["kind"][]): Record<string, z.ZodObject> =>
  Object.fromEntries(
    all.flatMap(({ kind, settings }) => (settings && kinds.includes(kind) ? [[settings.group, settings.schema]] : [])),
  );

const settingsOverrideSchema = settingsOverrideSchemaOf(
  groupsOf(["train", "sensitivity", "mask-search", "distillation"]),
);
export const experimentSpecSchema = experimentSpecSchemaOf(settingsOverrideSchema);
export const storedSpecSchema = storedSpecSchemaOf(settingsOverrideSchema);
export const comparisonSchema = comparisonSchemaOf(settingsOverrideSchema);

const fullParams = <Kind extends StageParams["kind"]>(kind: Kind) => {
  const groups = Object.entries(groupsOf([kind])).map(([group, schema]) => [group, schema.optional()]);
  return z.strictObject({ ...kindParams[kind], ...(Object.fromEntries(groups) as Record<string, z.ZodOptional>) });
};

/** Parameters of any implementation, in full: what the API's document shows. Who runs a stage holds its own to them. */
export const stageParamsSchema = z.discriminatedUnion("kind", [
  fullParams("train"),
  fullParams("sensitivity"),
  fullParams("mask-search"),
  fullParams("distillation"),
  fullParams("private-inference"),
]);
