import { inputShape, type Model, type Normalization, nodesOf, reluLayers } from "@reluctant/relu";
import {
  type Activation,
  type Batch,
  type HostTensor,
  isStatistic,
  type Network,
  type Tensors,
  type UnitStatistic,
} from "@reluctant/stages";
import { type RecordedStep, recordStep } from "@reluctant/tfjs-backend-torch";
import { augment, commitStatistics, scaleAndShift } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { activationOnDevice, type DeviceActivation, MaskedRelu } from "./activations/index.ts";
import {
  type Affine,
  type BatchStatistics,
  type ForwardOptions,
  forward,
  type Observed,
  type Pass,
} from "./forward.ts";
import { type PixelValues, pixelValues, toDevice, toHost } from "./layout.ts";
import { correctOf } from "./losses.ts";
import { assign, newVariable } from "./variables.ts";

/** A network whose weights and activations live on the device. */
export class TfNetwork implements Network {
  readonly model: Model;
  readonly normalization: Normalization;
  /** Its own, by tensor name. */
  readonly variables: Map<string, tf.Variable>;
  /** By ReLU layer; one without computes relu. */
  private readonly activations = new Map<string, DeviceActivation>();
  /** Recorded not for speed but for memory: TensorFlow.js would hold every node's output until the batch is through. */
  private readonly counting: RecordedStep<{ images: PixelValues; labels: Int32Array; branch: string }, "correct">;

  /** Recorded for the same reason. */
  private readonly inferring: RecordedStep<{ images: PixelValues; labels: Int32Array; branch: string }, "logits">;

  /** Recorded for the same reason. Sums by ReLU layer. */
  private readonly summing: RecordedStep<
    { images: PixelValues; labels: Int32Array; statistic: UnitStatistic; branch: string },
    string
  >;

  constructor({ model, weights, normalization }: { model: Model; weights: Tensors; normalization: Normalization }) {
    this.model = model;
    this.normalization = normalization;
    this.variables = new Map(
      [...weights].map(([name, tensor]) => [name, newVariable(toDevice(tensor), !isStatistic(name))]),
    );
    const evaluated = (images: tf.Tensor, labels: tf.Tensor): Pass => {
      const pixels: tf.Tensor4D = tf.reshape(images, this.inputShape(labels.size));
      return this.evaluate(this.input(pixels, tf.zeros([labels.size, 3], "int32")), this.freeze());
    };
    this.counting = recordStep(({ images, labels }) => ({
      correct: correctOf(evaluated(images, labels).logits, labels),
    }));
    this.inferring = recordStep(({ images, labels }) => ({ logits: evaluated(images, labels).logits }));
    this.summing = recordStep(({ images, labels, statistic }) => {
      const pass = evaluated(images, labels);
      return Object.fromEntries(
        reluLayers(model).map(({ name }) => [name, tf.sum(unitStatistics[statistic](name, pass), 0)]),
      );
    });
  }

  /** What the optimizer moves, by name. */
  parameters(): Map<string, tf.Variable> {
    const own = [...this.activationVariables()].map(([name, variable]) => [`activation.${name}`, variable] as const);
    return new Map([...this.variables, ...own].filter(([, { trainable }]) => trainable));
  }

  /** What its passes branch on: the kind of each activation. */
  get branch(): string {
    return [...this.activations.values()].map(({ kind }) => kind).join();
  }

  setActivations(activations: readonly Activation[]): void {
    for (const [layer, { name, shape }] of reluLayers(this.model).entries()) {
      const activation = activations[layer] as Activation;
      const present = this.activations.get(name);
      if (activation.kind === "masked-relu" && present instanceof MaskedRelu) {
        present.setMask(activation.mask); // recorded steps go on with it
        continue;
      }
      present?.dispose();
      this.activations.set(name, activationOnDevice(activation, shape));
    }
  }

  readActivations(): Promise<Tensors> {
    return readAll(this.activationVariables());
  }

  loadActivations(values: Tensors): void {
    for (const [name, variable] of this.activationVariables()) assign(variable, values.get(name), `activation.${name}`);
  }

  /** Scalar, differentiable: how many ReLUs the trainable activations keep. */
  reluPenalty(): tf.Scalar {
    const penalties = [...this.activations.values()].flatMap((activation) => activation.reluPenalty() ?? []);
    return tf.addN([tf.scalar(0), ...penalties]) as tf.Scalar;
  }

  /** Activations follow what a batch told of what enters them, and the scores that its update left. */
  updateState(observed: readonly Observed[], finite: tf.Scalar): void {
    for (const [name, activation] of this.activations)
      activation.updateState(observed.find(({ layer }) => layer === name) ?? null, finite);
  }

  read(): Promise<Tensors> {
    return readAll(this.variables);
  }

  load(weights: Tensors): void {
    for (const [name, variable] of this.variables) assign(variable, weights.get(name), name);
  }

  async countCorrect({ images, labels }: Batch): Promise<number> {
    const { correct } = await this.counting.run({ images: pixelValues(images), labels, branch: this.branch });
    return correct[0] as number;
  }

  async logits({ images, labels }: Batch): Promise<Float32Array> {
    const { logits } = await this.inferring.run({ images: pixelValues(images), labels, branch: this.branch });
    return Float32Array.from(logits as Float32Array);
  }

  async sumUnits(statistic: UnitStatistic, { images, labels }: Batch): Promise<Float32Array[]> {
    const sums = await this.summing.run({ images: pixelValues(images), labels, statistic, branch: this.branch });
    return reluLayers(this.model).map(({ name }) => Float32Array.from(sums[name] as Float32Array));
  }

  inputShape(batch: number): [number, number, number, number] {
    return [batch, ...inputShape(this.model)];
  }

  /** xBHWC: cropped, flipped, then normalized. See `TrainingBatch` for the offsets. */
  input(pixelsBHWC: tf.Tensor4D, offsets: tf.Tensor2D): tf.Tensor4D {
    return augment(pixelsBHWC, offsets, this.normalization);
  }

  /** Batch norms by their batch; the pass says where their running statistics are to move. */
  train(xBHWC: tf.Tensor4D, options: ForwardOptions = {}): Pass {
    return forward(
      this.model,
      { variables: this.tensors(), activations: this.activations, frozen: null },
      xBHWC,
      options,
    );
  }

  /** Batch norms by their running statistics, as they were when `frozen` was made. */
  evaluate(xBHWC: tf.Tensor4D, frozen: Frozen, options: ForwardOptions = {}): Pass {
    return forward(this.model, { variables: this.tensors(), activations: this.activations, frozen }, xBHWC, options);
  }

  /** What the forward pass reads, by name. Called within `tf.tidy`. */
  protected tensors(): ReadonlyMap<string, tf.Tensor> {
    return this.variables;
  }

  /** Every batch norm with its running statistics as one multiplication and one addition; the caller's to dispose. */
  freeze(): Frozen {
    const part = (node: string, name: string) => this.variables.get(`${node}.${name}`) as tf.Tensor as tf.Tensor1D;
    return new Map(
      nodesOf(this.model, "batch-norm").map(({ name }) => [
        name,
        scaleAndShift({
          gamma: part(name, "weight"),
          beta: part(name, "bias"),
          mean: part(name, "running_mean"),
          variance: part(name, "running_var"),
        }),
      ]),
    );
  }

  moveStatistics(statistics: readonly BatchStatistics[], finite: tf.Scalar): void {
    const running = (part: string) =>
      statistics.map(({ node }) => this.variables.get(`${node}.${part}`) as tf.Variable);
    commitStatistics({
      runningMeans: running("running_mean"),
      runningVariances: running("running_var"),
      batchMeans: statistics.map(({ mean }) => mean),
      batchVariances: statistics.map(({ variance }) => variance),
      counts: statistics.map(({ count }) => count),
      guard: finite,
    });
  }

  dispose(): void {
    this.counting.dispose();
    this.inferring.dispose();
    this.summing.dispose();
    for (const activation of this.activations.values()) activation.dispose();
    tf.dispose([...this.variables.values()]);
  }

  /** By `<layer>.<part>`. */
  private activationVariables(): Map<string, tf.Variable> {
    return new Map(
      [...this.activations].flatMap(([layer, { variables }]) =>
        [...variables].map(([part, variable]) => [`${layer}.${part}`, variable] as const),
      ),
    );
  }
}

/** [b, h, w, c] of a layer. */
const unitStatistics: Record<UnitStatistic, (layer: string, pass: Pass) => tf.Tensor> = {
  activation: (layer, { outputs }) => outputs.get(layer) as tf.Tensor,
};

async function readAll(variables: ReadonlyMap<string, tf.Variable>): Promise<Tensors> {
  const read = new Map<string, HostTensor>();
  for (const [name, variable] of variables) read.set(name, await toHost(variable));
  return read;
}

export type Frozen = ReadonlyMap<string, Affine>;

export const disposeFrozen = (frozen: Frozen): void =>
  tf.dispose([...frozen.values()].flatMap(({ scale, shift }) => [scale, shift]));
