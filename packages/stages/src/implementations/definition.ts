import { kindParams, type StageParams } from "@reluctant/contracts";
import type { Definition, OwnSettings, Trial } from "@reluctant/relu";
import { z } from "zod";
import type { StageContext, StageOutput } from "../context.ts";

/**
 * One implementation: what the planner must know of it, what its settings and parameters may be, and its code, which is
 * loaded when it runs. All else in it is data that a browser can have.
 */
export interface StageDefinition<Name extends string = string> extends Definition {
  readonly name: Name;
  readonly settings?: CheckedSettings;
  readonly paramsSchema: z.ZodType<StageParams>;
  /** The module of the code. It counts on parameters that `paramsSchema` has read. */
  load(): Promise<{ run(context: StageContext): Promise<StageOutput> }>;
}

interface CheckedSettings extends OwnSettings {
  readonly schema: z.ZodObject;
}

/** Settings of an implementation of its own, their values held to their schema. */
export const ownSettings = <Schema extends z.ZodObject>(settings: {
  group: string;
  schema: Schema;
  paper: z.infer<Schema>;
  short?: Partial<z.infer<Schema>>;
  debug?: Partial<z.infer<Schema>>;
}): CheckedSettings => settings;

/** What the definition of an implementation says beside what all of its kind have in common. */
export type Own<Name extends string> = Pick<StageDefinition<Name>, "name" | "version" | "checkpointBytes" | "load"> &
  Partial<Pick<StageDefinition, "reads" | "settings" | "errors" | "methods" | "granularity" | "descends" | "params">>;

/** Parameters of a kind, and the implementation's own settings under their name. */
export const paramsSchemaOf = (kind: StageParams["kind"], settings?: CheckedSettings): z.ZodType<StageParams> =>
  z.strictObject({
    ...kindParams[kind],
    ...(settings && { [settings.group]: settings.schema }),
  }) as unknown as z.ZodType<StageParams>; // of one kind, which its literal says

/** A trial's values of the implementation's own settings, as they stand in its parameters. */
export const ownParams = (settings: OwnSettings | undefined, trial: Trial): Record<string, unknown> =>
  settings ? { [settings.group]: trial.settings[settings.group] } : {};

/** Steps that a method takes of a recipe's. */
export const shareOf = ({ method: { imageShare = 1 } }: Pick<Trial, "method">, steps: number): number =>
  Math.floor(steps * imageShare);
