import type {
  ArtifactRef,
  InputName,
  MetricPoint,
  ParamsOf,
  Precision,
  Progress,
  StageKind,
  StageParams,
  StageResult,
  TrainingParams,
} from "@reluctant/contracts";
import { type Model, models, type Normalization } from "@reluctant/relu";
import type { Batch, Engine } from "./engine.ts";
import { StageFailure } from "./failure.ts";
import type { PrivateInference } from "./private-inference.ts";

/** What a stage needs of a data set; `@reluctant/datasets`' reader is one. */
export interface StageData extends Normalization {
  readonly version: string;
  readonly classes: readonly string[];
  /** [height, width, channels] of one image. */
  readonly inputShape: readonly [number, number, number];
  /** Whether it keeps the original images, of which resized crops can be taken. */
  readonly streamed: boolean;
  size(split: Split): number;
  /** How an epoch visits the training split: a permutation of its places, a pure function of seed and epoch. */
  order(seed: number, epoch: number): Uint32Array;
  /** Samples of a split by their place in it; as resized crops drawn for an epoch, if asked. */
  batch(split: Split, indices: Uint32Array, crops?: { seed: number; epoch: number }): Promise<Batch>;
}
export type Split = "train" | "validation" | "test";

/** Everything a stage run gets, and how it speaks to the worker. */
export interface StageContext {
  params: StageParams;
  implementation: string;
  precision: Precision;
  seed: number;
  inputs: Partial<Record<InputName, Uint8Array>>;
  data: StageData;
  engine: Engine;
  privateInference: PrivateInference;
  /** Bytes of a checkpoint of this stage run; null starts at step 0. */
  resumeFrom: Uint8Array | null;
  /** Least seconds between two time-based checkpoints. */
  checkpointSeconds: number;
  report: {
    started(step: number): void;
    progress(progress: Progress, points: MetricPoint[]): void;
    log(line: string): void;
    /** Resolves when the bytes are safe; training waits for it. */
    checkpoint(step: number, bytes: Uint8Array): Promise<void>;
  };
  /** Stop now: the stage rejects with the signal's reason within one step. */
  signal: AbortSignal;
  /** Write a checkpoint, then end as `stopped`. Asked once a step. */
  stopRequested: () => boolean;
}

/** The context of one kind of stage, with what its implementation is told beside. */
export type ContextOf<K extends StageKind, Own = unknown> = StageContext & { params: ParamsOf<K> & Own };

/** Of any stage that goes through the training images, in steps. */
export type TrainingContext = StageContext & { params: TrainingParams };

export interface StageArtifact {
  role: ArtifactRef["role"];
  /** `full` unless named. */
  variant?: string;
  bytes: Uint8Array;
  mediaType: string;
}

export type StageOutput =
  | { outcome: "succeeded"; result: StageResult; artifacts: StageArtifact[]; points: MetricPoint[] }
  | { outcome: "stopped"; step: number };

export const safetensorsType = "application/vnd.safetensors";

/** The network that the parameters name, for the data set's images and classes. */
export function modelOf({ params, data }: StageContext): Model {
  const family = models[params.model];
  if (!family)
    throw new StageFailure(
      "bad-input",
      `there is no model "${params.model}"; the models are ${Object.keys(models).join(", ")}`,
    );
  return family.build(data.inputShape, data.classes.length);
}

export function inputOf({ inputs, implementation }: StageContext, name: InputName): Uint8Array {
  const bytes = inputs[name];
  if (!bytes) throw new StageFailure("bad-input", `${implementation} needs the input ${name}`);
  return bytes;
}
