import type { Mask } from "@reluctant/relu";
import type { Batch, HostTensor, Objective, StepOutcome, Tensors, Trainer, TrainerOptions } from "@reluctant/stages";
import { type RecordedStep, recordStep, type StepMode } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { toHost } from "./layout.ts";
import type { TfNetwork } from "./network.ts";
import { Sgd } from "./optimizer.ts";
import { ScoreSums } from "./scores.ts";
import { reported, type TrainingParts, trainingStep } from "./step.ts";
import { assign, newVariable } from "./variables.ts";

type Options = TrainerOptions & {
  student: TfNetwork;
  teacher?: TfNetwork;
  narrower?: readonly { network: TfNetwork; objective: Objective }[];
};

type StepInputs = {
  pixels: Float32Array;
  labels: Int32Array;
  learningRate: Float32Array;
  masks: string;
  patterns: string;
};

/** Runs training steps: what a step needs on the device, and how it gets there and back. */
export class TfTrainer implements Trainer {
  private readonly parts: TrainingParts;
  private readonly patterns = new Map<string, tf.Variable>();
  private readonly recorded: RecordedStep<StepInputs, "report">;

  constructor({ student, teacher, objective, narrower = [], score, momentum, weightDecay }: Options) {
    if (!teacher && (objective.divergence || objective.pram || score === "paper")) {
      throw new Error("divergence, pram and the score `paper` compare with a teacher, and there is none");
    }
    this.parts = {
      students: [{ network: student, objective }, ...narrower],
      teacher: teacher ?? null,
      optimizer: new Sgd(parametersOf(student, narrower), { momentum, weightDecay }),
      patterns: this.patterns,
      scores: score ? new ScoreSums(score, student.model) : null,
    };
    this.recorded = recordStep(({ pixels, labels, learningRate }) => ({
      report: trainingStep(this.parts, {
        imagesBHWC: student.shaped(pixels),
        labels,
        learningRate: tf.reshape(learningRate, []),
      }),
    }));
  }

  /** How the last step was done. */
  get mode(): StepMode {
    return this.recorded.mode;
  }

  private get student(): TfNetwork {
    return this.parts.students[0].network;
  }

  async step({ images, labels }: Batch, learningRate: number): Promise<StepOutcome> {
    const { students, teacher } = this.parts;
    const { report } = await this.recorded.run({
      pixels: this.student.normalized(images),
      labels,
      learningRate: Float32Array.of(learningRate),
      // What the step branches on: with another value it is another step.
      masks: [...students.map(({ network }) => network), teacher].map((network) => network?.hasMasks).join(),
      patterns: [...this.patterns.keys()].join(),
    });
    const outcome = Object.fromEntries(reported.map((name, i) => [name, report[i] as number]));
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
    for (const [name, pattern] of this.patterns) {
      if (patterns.has(name)) continue;
      pattern.dispose();
      this.patterns.delete(name);
    }
    for (const [name, values] of patterns) this.setPattern(name, Float32Array.from(values));
  }

  async readScores(): Promise<Float32Array[]> {
    return this.parts.scores?.read() ?? [];
  }

  loadScores(sums: readonly Float32Array[] | null): void {
    this.parts.scores?.load(sums);
  }

  dispose(): void {
    const { optimizer, scores } = this.parts;
    this.recorded.dispose();
    optimizer.dispose();
    scores?.dispose();
    tf.dispose([...this.patterns.values()]);
  }

  private setPattern(name: string, values: Float32Array): void {
    const parameter = this.parameter(name);
    const [height = 1, width = 1, inputs = 1, outputs = 1] = parameter.shape;
    const tensor = { shape: [outputs, inputs, height, width], values };
    const pattern = this.patterns.get(name) ?? newVariable(tf.zeros(parameter.shape));
    this.patterns.set(name, pattern);
    assign(pattern, tensor, `patterns.${name}`);
    tf.tidy(() => parameter.assign(tf.mul(parameter, pattern)));
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
