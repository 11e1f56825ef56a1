import type { Mask } from "@reluctant/relu";
import {
  DeviceFullFailure,
  type HostTensor,
  type LossTerms,
  type Objective,
  type StepOutcome,
  type Tensors,
  type Trainer,
  type TrainerOptions,
  type TrainingBatch,
} from "@reluctant/stages";
import { forgetMemoryPeak, type RecordedStep, recordStep, torchInfo } from "@reluctant/tfjs-backend-torch";
import { pixelTensor } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { Adam } from "./adam.ts";
import { isOutOfMemory, largestBatchIn, type Peaks, smallerBatches, usableShare } from "./device-memory.ts";
import { type PixelValues, pixelValues, toDevice, toHost } from "./layout.ts";
import { disposeFrozen, type TfNetwork } from "./network.ts";
import { Sgd } from "./optimizer.ts";
import { ScoreSums } from "./scores.ts";
import { gradientNorms, lossTermNames, reported, type TrainingParts, trainingStep } from "./step.ts";
import { assign, newVariable } from "./variables.ts";

type Options = TrainerOptions & {
  student: TfNetwork;
  teacher?: TfNetwork;
  narrower?: readonly { network: TfNetwork; objective: Objective }[];
};

type HostInputs = {
  images: PixelValues;
  offsets: Int32Array;
  labels: Int32Array;
  learningRate: Float32Array;
  /** What the step branches on: with another value it is another step. */
  branches: string;
  pruned: string;
};

/** Runs training steps: what a step needs on the device, and how it gets there and back. */
export class TfTrainer implements Trainer {
  private readonly parts: TrainingParts & { patterns: Map<string, tf.Variable> };
  private readonly adam: Adam | null;
  private readonly recorded: RecordedStep<HostInputs, "report">;
  /** What a step without room has come to; of two in flight both. */
  private deviceFull: Promise<DeviceFullFailure> | null = null;

  constructor(options: Options) {
    const { student, teacher, objective, narrower = [], score, momentum, weightDecay, adam } = options;
    if (!teacher && (objective.divergence || objective.pram || score === "paper")) {
      throw new Error("divergence, pram and the score `paper` compare with a teacher, and there is none");
    }
    this.adam = adam ? new Adam(parametersOf(student, narrower), adam) : null;
    this.parts = {
      students: [{ network: student, objective }, ...narrower],
      teacher: teacher ? { network: teacher, frozen: teacher.freeze() } : null,
      optimizer: this.adam ?? new Sgd(parametersOf(student, narrower), { momentum, weightDecay }),
      patterns: new Map(),
      scores: score ? new ScoreSums(score, student.model) : null,
      reluPenaltyWeight: newVariable(tf.scalar(objective.reluPenalty?.weight ?? 0)),
      clipNorm: options.clipNorm ?? null,
      microBatch: options.microBatch ?? null,
    };
    this.recorded = recordStep(({ images, offsets, labels, learningRate }) => ({
      report: trainingStep(this.parts, {
        pixelsBHWC: tf.reshape(images, student.inputShape(labels.size)),
        offsets: tf.reshape(offsets, [labels.size, 3]),
        labels,
        learningRate: tf.reshape(learningRate, []),
      }),
    }));
  }

  async step(batch: TrainingBatch, learningRate: number): Promise<StepOutcome> {
    const { report } = await this.run(batch, learningRate).catch(async (error: unknown) => {
      if (!isOutOfMemory(error) || !onOwnMemory()) throw error;
      this.deviceFull ??= this.failureOf(batch, error);
      throw await this.deviceFull;
    });
    const outcome = named(reported, report);
    return { ...outcome, finite: outcome.finite === 1 };
  }

  /** The most memory that steps of the first images of a batch had at once. It takes those steps: the student moves. */
  async peaksOf(batch: TrainingBatch, images: readonly [number, number]): Promise<Peaks> {
    const bytes = [];
    for (const count of images) {
      forgetMemoryPeak();
      await this.run(firstOf(batch, count), 0);
      bytes.push(torchInfo().peakBytes);
    }
    return { images, bytes: bytes as [number, number] };
  }

  async gradientNorms({ images, offsets, labels }: TrainingBatch): Promise<LossTerms> {
    const [{ network }] = this.parts.students;
    const norms = tf.tidy(() =>
      gradientNorms(this.parts, {
        pixelsBHWC: pixelTensor(images, network.inputShape(labels.length)),
        offsets: tf.tensor2d(offsets, [labels.length, 3], "int32"),
        labels: tf.tensor1d(labels, "int32"),
      }),
    );
    const values = await norms.data();
    norms.dispose();
    return named(lossTermNames, values);
  }

  async readMomenta(): Promise<Tensors> {
    const read = new Map<string, HostTensor>();
    for (const [name, variable] of this.parts.optimizer.state) read.set(name, await toHost(variable));
    return read;
  }

  loadMomenta(momenta: Tensors): void {
    for (const [name, variable] of this.parts.optimizer.state) assign(variable, momenta.get(name), `momenta.${name}`);
  }

  adjust({ reluPenaltyWeight, activationRate }: { reluPenaltyWeight?: number; activationRate?: number }): void {
    if (reluPenaltyWeight !== undefined)
      tf.tidy(() => this.parts.reluPenaltyWeight.assign(tf.scalar(reluPenaltyWeight)));
    if (activationRate !== undefined) this.adam?.setActivationRate(activationRate);
  }

  setSparsity(patterns: ReadonlyMap<string, Mask>): void {
    for (const [name, values] of patterns) {
      const parameter = this.parameter(name);
      const [height = 1, width = 1, inputs = 1, outputs = 1] = parameter.shape;
      const pattern = toDevice({ shape: [outputs, inputs, height, width], values: Float32Array.from(values) });
      tf.tidy(() => parameter.assign(tf.mul(parameter, pattern)));
      this.parts.patterns.get(name)?.dispose();
      this.parts.patterns.set(name, newVariable(pattern));
    }
  }

  async readScores(): Promise<Float32Array[]> {
    return this.parts.scores?.read() ?? [];
  }

  loadScores(sums: readonly Float32Array[] | null): void {
    this.parts.scores?.load(sums);
  }

  dispose(): void {
    const { teacher, optimizer, patterns, scores, reluPenaltyWeight } = this.parts;
    this.recorded.dispose();
    if (teacher) disposeFrozen(teacher.frozen);
    optimizer.dispose();
    scores?.dispose();
    tf.dispose([reluPenaltyWeight, ...patterns.values()]);
  }

  private run({ images, offsets, labels }: TrainingBatch, learningRate: number) {
    return this.recorded.run({
      images: pixelValues(images),
      offsets,
      labels,
      learningRate: Float32Array.of(learningRate),
      branches: this.parts.students.map(({ network }) => network.branch).join(),
      pruned: [...this.parts.patterns.keys()].join(),
    });
  }

  /** The attempt is over, so that steps of fewer images may move the student: they tell how many would have fit. */
  private async failureOf(batch: TrainingBatch, cause: Error): Promise<DeviceFullFailure> {
    const { peakBytes: lentBytes, totalBytes: deviceBytes } = torchInfo();
    const images = Math.min(batch.labels.length, this.parts.microBatch ?? Number.POSITIVE_INFINITY);
    const peaks = await this.peaksOf(batch, smallerBatches(images)).catch(() => null);
    const largestBatch = peaks && deviceBytes ? largestBatchIn(usableShare * deviceBytes, peaks) : null;
    const [{ network }] = this.parts.students;
    return new DeviceFullFailure({ model: network.model.name, images, deviceBytes, lentBytes, largestBatch, cause });
  }

  private parameter(name: string): tf.Variable {
    const parameter = this.parts.optimizer.parameters.get(name);
    if (!parameter) throw new Error(`${this.parts.students[0].network.model.name} has no parameter "${name}"`);
    return parameter;
  }
}

const onOwnMemory = (): boolean => tf.getBackend() === "torch" && torchInfo().device === "cuda";

const firstOf = ({ images, offsets, labels }: TrainingBatch, count: number): TrainingBatch => ({
  images: images.subarray(0, (images.length / labels.length) * count),
  offsets: offsets.subarray(0, 3 * count),
  labels: labels.subarray(0, count),
});

const named = <Name extends string>(names: readonly Name[], values: ArrayLike<number>): Record<Name, number> =>
  Object.fromEntries(names.map((name, i) => [name, values[i] as number])) as Record<Name, number>;

/** What the optimizer moves: narrower students bring their own under `<model>/`. */
const parametersOf = (student: TfNetwork, narrower: readonly { network: TfNetwork }[]): Map<string, tf.Variable> =>
  new Map([
    ...student.parameters(),
    ...narrower.flatMap(({ network }) =>
      [...network.parameters()].map(([name, variable]) => [`${network.model.name}/${name}`, variable] as const),
    ),
  ]);
