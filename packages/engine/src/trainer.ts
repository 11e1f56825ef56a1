import type { Mask } from "@reluctant/relu";
import type { Batch, HostTensor, Objective, StepOutcome, Tensors, Trainer, TrainerOptions } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { toDevice, toHost } from "./layout.ts";
import type { TfNetwork } from "./network.ts";
import { Sgd } from "./optimizer.ts";
import { ScoreSums } from "./scores.ts";
import { reported, type TrainingParts, trainingStep } from "./step.ts";
import { assign } from "./variables.ts";

type Options = TrainerOptions & {
  student: TfNetwork;
  teacher?: TfNetwork;
  narrower?: readonly { network: TfNetwork; objective: Objective }[];
};

/** Runs training steps: what a step needs on the device, and how it gets there and back. */
export class TfTrainer implements Trainer {
  private readonly parts: TrainingParts & { patterns: Map<string, tf.Tensor> };

  constructor({ student, teacher, objective, narrower = [], score, momentum, weightDecay }: Options) {
    if (!teacher && (objective.divergence || objective.pram || score === "paper")) {
      throw new Error("divergence, pram and the score `paper` compare with a teacher, and there is none");
    }
    this.parts = {
      students: [{ network: student, objective }, ...narrower],
      teacher: teacher ?? null,
      optimizer: new Sgd(parametersOf(student, narrower), { momentum, weightDecay }),
      patterns: new Map(),
      scores: score ? new ScoreSums(score, student.model) : null,
    };
  }

  private get student(): TfNetwork {
    return this.parts.students[0].network;
  }

  async step({ images, labels }: Batch, learningRate: number): Promise<StepOutcome> {
    const report = tf.tidy(() =>
      trainingStep(this.parts, {
        imagesBHWC: this.student.input(images),
        labels: tf.tensor1d(labels, "int32"),
        learningRate: tf.scalar(learningRate),
      }),
    );
    const values = await report.data();
    report.dispose();
    const outcome = Object.fromEntries(reported.map((name, i) => [name, values[i] as number]));
    return { ...(outcome as Record<(typeof reported)[number], number>), finite: outcome.finite === 1 };
  }

  async readMomenta(): Promise<Tensors> {
    const read = new Map<string, HostTensor>();
    for (const [name, variable] of this.parts.optimizer.state) read.set(name, await toHost(variable));
    return read;
  }

  loadMomenta(momenta: Tensors): void {
    for (const [name, variable] of this.parts.optimizer.state) assign(variable, momenta.get(name), `momenta.${name}`);
  }

  setSparsity(patterns: ReadonlyMap<string, Mask>): void {
    tf.dispose([...this.parts.patterns.values()]);
    this.parts.patterns.clear();
    for (const [name, values] of patterns) {
      const parameter = this.parameter(name);
      const [height = 1, width = 1, inputs = 1, outputs = 1] = parameter.shape;
      const pattern = toDevice({ shape: [outputs, inputs, height, width], values: Float32Array.from(values) });
      this.parts.patterns.set(name, pattern);
      tf.tidy(() => parameter.assign(tf.mul(parameter, pattern)));
    }
  }

  async readScores(): Promise<Float32Array[]> {
    return this.parts.scores?.read() ?? [];
  }

  loadScores(sums: readonly Float32Array[] | null): void {
    this.parts.scores?.load(sums);
  }

  dispose(): void {
    const { optimizer, patterns, scores } = this.parts;
    optimizer.dispose();
    scores?.dispose();
    tf.dispose([...patterns.values()]);
  }

  private parameter(name: string): tf.Variable {
    const parameter = this.parts.optimizer.parameters.get(name);
    if (!parameter) throw new Error(`${this.student.model.name} has no parameter "${name}"`);
    return parameter;
  }
}

/** What the optimizer moves: narrower students bring their own under `<model>/`. */
const parametersOf = (student: TfNetwork, narrower: readonly { network: TfNetwork }[]): Map<string, tf.Variable> =>
  new Map([
    ...student.parameters(),
    ...narrower.flatMap(({ network }) =>
      [...network.parameters()].map(([name, variable]) => [`${network.model.name}/${name}`, variable] as const),
    ),
  ]);
