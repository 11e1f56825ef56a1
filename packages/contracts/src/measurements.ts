import { z } from "zod";
import { idSchema, timestampSchema } from "./primitives.ts";
import { piCostSchema, piMachineSchema } from "./stages.ts";
import { linearProtocols, networkProfileNames, piSystems, reluProtocols } from "./words.ts";

/** What private inference of a network was measured to cost, and what published constants would have it cost. */

const modelledPhaseSchema = z.object({ ms: z.number(), bytes: z.number() });

/** What one inference would cost in a system by its published constants, on its authors' machines. No measurement is in it. */
export const modelledCostSchema = z.object({
  system: z.enum(piSystems),
  /** ReLUs kept. */
  reluCount: z.int(),
  offline: modelledPhaseSchema,
  online: modelledPhaseSchema,
});
export type ModelledCost = z.infer<typeof modelledCostSchema>;

/** Private inference of a point's network, measured: of the machine that it names, and of no other. */
export const measurementSchema = z.object({
  stageRunId: idSchema,
  system: z.enum(piSystems),
  protocol: z.enum(reluProtocols),
  linear: z.enum(linearProtocols),
  profile: z.enum(networkProfileNames),
  batch: z.int(),
  threads: z.int(),
  repeat: z.int(),
  samples: z.int(),
  privateAccuracy: z.number(),
  plaintextAccuracy: z.number(),
  agreement: z.number(),
  /** Without the single steps, which are the stage run's to show. */
  cost: piCostSchema.omit({ steps: true }),
  machine: piMachineSchema,
  measuredAt: timestampSchema,
});
export type PiMeasurement = z.infer<typeof measurementSchema>;

/**
 * What measurements have in common whose figures may be compared: how, between whom, and on which kind of machine. `key`
 * names it.
 */
export const piSettingSchema = measurementSchema
  .pick({ system: true, protocol: true, linear: true, profile: true, batch: true, threads: true })
  .extend({
    key: z.string(),
    processor: z.string(),
    cores: z.int(),
    level: z.string(),
    /** Whether the offline figures hold what linear layers cost; null of old ones that hold all that ran. */
    label: z.string().nullable(),
  });
export type PiSetting = z.infer<typeof piSettingSchema>;

/** A point's place on an axis of cost, milliseconds or bytes: of its measurements in one setting. */
export const pointCostSchema = z.object({
  /** The median of its measurements, each the median of its samples. */
  value: z.number(),
  /** Of the fastest and of the slowest sample of all of them. */
  least: z.number(),
  most: z.number(),
  /** How many there were. */
  measurements: z.int(),
  /** Others used the machine meanwhile, each time: those measurements that had it alone count alone, where there are any. */
  disturbed: z.boolean(),
});
export type PointCost = z.infer<typeof pointCostSchema>;
