import { type Mask, reluLayers } from "@reluctant/relu";
import type {
  Batch,
  HostTensor,
  Objective,
  Score,
  StepOutcome,
  Tensors,
  Trainer,
  TrainerOptions,
} from "@reluctant/stages";
import { absDiffAccumulate, negPartAccumulate, sgdStep } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import type { Pass } from "./forward.ts";
import { toDevice, toHost } from "./layout.ts";
import { terms } from "./losses.ts";
import { assign, correctOf, newVariable, type TfNetwork } from "./network.ts";

type Options = TrainerOptions & { student: TfNetwork; teacher?: TfNetwork };

/** One optimizer with its momenta, and the sums that a mask search gathers. */
export class TfTrainer implements Trainer {
  private readonly student: TfNetwork;
  private readonly teacher: TfNetwork | undefined;
  private readonly objective: Objective;
  private readonly score: Score | undefined;
  private readonly sgd: { momentum: number; weightDecay: number };
  private readonly parameters: Map<string, tf.Variable>;
  private readonly momenta: Map<string, tf.Variable>;
  private readonly patterns = new Map<string, tf.Tensor>();
  /** Score sums by ReLU layer, [h, w, c]; empty unless a score is asked for. */
  private readonly sums: Map<string, tf.Variable>;

  constructor({ student, teacher, objective, score, momentum, weightDecay }: Options) {
    if (!teacher && (objective.divergence || objective.pram || score === "paper")) {
      throw new Error("divergence, pram and the score `paper` compare with a teacher, and there is none");
    }
    this.student = student;
    this.teacher = teacher;
    this.objective = objective;
    this.score = score;
    this.sgd = { momentum, weightDecay };
    this.parameters = student.parameters();
    this.momenta = new Map([...this.parameters].map(([name, { shape }]) => [name, newVariable(tf.zeros(shape))]));
    const scored = score ? reluLayers(student.model) : [];
    this.sums = new Map(scored.map(({ name, shape }) => [name, newVariable(tf.zeros([...shape]))]));
  }

  async step(batch: Batch, learningRate: number): Promise<StepOutcome> {
    const { report, gradients } = this.backward(batch);
    const [crossEntropy = Number.NaN, divergence = 0, pram = 0, loss = Number.NaN, correct = 0] = await report.data();
    report.dispose();
    if (Number.isFinite(loss)) this.update(gradients, learningRate);
    tf.dispose(gradients);
    return { loss, crossEntropy, divergence, pram, correct };
  }

  async readMomenta(): Promise<Tensors> {
    const read = new Map<string, HostTensor>();
    for (const [name, variable] of this.momenta) read.set(name, await toHost(variable));
    return read;
  }

  loadMomenta(momenta: Tensors): void {
    for (const [name, variable] of this.momenta) assign(variable, momenta.get(name), `momenta.${name}`);
  }

  setSparsity(patterns: ReadonlyMap<string, Mask>): void {
    tf.dispose([...this.patterns.values()]);
    this.patterns.clear();
    for (const [name, pattern] of patterns) {
      const [height = 1, width = 1, inputs = 1, outputs = 1] = this.parameter(name).shape;
      this.patterns.set(
        name,
        toDevice({ shape: [outputs, inputs, height, width], values: Float32Array.from(pattern) }),
      );
    }
    this.applySparsity();
  }

  async readScores(): Promise<Float32Array[]> {
    const read: Float32Array[] = [];
    for (const sum of this.sums.values()) read.push(Float32Array.from(await sum.data<"float32">()));
    return read;
  }

  loadScores(sums: readonly Float32Array[] | null): void {
    [...this.sums.values()].forEach((variable, layer) => {
      tf.tidy(() =>
        variable.assign(sums ? tf.tensor(sums[layer] as Float32Array, variable.shape) : tf.zeros(variable.shape)),
      );
    });
  }

  dispose(): void {
    tf.dispose([...this.momenta.values(), ...this.patterns.values(), ...this.sums.values()]);
  }

  /** Gradients in the parameters' order, and [crossEntropy, divergence, pram, loss, correct] in one tensor: one read. */
  private backward({ images, labels }: Batch): { report: tf.Tensor1D; gradients: tf.Tensor[] } {
    let report: tf.Tensor1D | undefined;
    const gradients = tf.tidy(() => {
      const x = this.student.input(images);
      const teacher = this.teacher?.forward(x, { training: false }) ?? null;
      const parameters = [...this.parameters.values()];
      const { grads } = tf.variableGrads(() => {
        const student = this.student.forward(x, {
          training: true,
          preActivations: this.score === "linearization-cost",
        });
        this.accumulateScores(student, teacher);
        const parts = terms(this.objective, { student, teacher, groups: this.student.model.groups, labels });
        const loss = tf.addN(parts) as tf.Scalar;
        report = tf.keep(tf.stack([...parts, loss, correctOf(student.logits, labels)]) as tf.Tensor1D);
        return loss;
      }, parameters);
      return parameters.map(({ name }) => grads[name] as tf.Tensor);
    });
    return { report: report as tf.Tensor1D, gradients };
  }

  private accumulateScores(student: Pass, teacher: Pass | null): void {
    for (const [layer, sum] of this.sums) {
      if (this.score === "paper")
        absDiffAccumulate(sum, teacher?.outputs.get(layer) as tf.Tensor, student.outputs.get(layer) as tf.Tensor);
      else negPartAccumulate(sum, student.preActivations.get(layer) as tf.Tensor);
    }
  }

  private update(gradients: readonly tf.Tensor[], learningRate: number): void {
    sgdStep({
      params: [...this.parameters.values()],
      grads: gradients,
      momenta: [...this.momenta.values()],
      lr: learningRate,
      ...this.sgd,
    });
    this.applySparsity();
  }

  private applySparsity(): void {
    for (const [name, pattern] of this.patterns) {
      const parameter = this.parameter(name);
      tf.tidy(() => parameter.assign(tf.mul(parameter, pattern)));
    }
  }

  private parameter(name: string): tf.Variable {
    const parameter = this.parameters.get(name);
    if (!parameter) throw new Error(`${this.student.model.name} has no parameter "${name}"`);
    return parameter;
  }
}
