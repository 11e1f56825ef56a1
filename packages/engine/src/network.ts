import { inputShape, type Mask, type Model, nodesOf, reluLayers } from "@reluctant/relu";
import {
  type Batch,
  type HostTensor,
  isStatistic,
  type Network,
  type Normalization,
  type Tensors,
} from "@reluctant/stages";
import { augment, commitStatistics, pixelTensor, scaleAndShift } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { type Affine, type BatchStatistics, forward, type Pass } from "./forward.ts";
import { toDevice, toHost } from "./layout.ts";
import { correctOf } from "./losses.ts";
import { assign, newVariable } from "./variables.ts";

/** A network whose weights and masks live on the device. */
export class TfNetwork implements Network {
  readonly model: Model;
  readonly normalization: Normalization;
  /** Its own, by tensor name. */
  readonly variables: Map<string, tf.Variable>;
  /** Variables, so that a recorded step reads the masks of the day. */
  private readonly masks = new Map<string, tf.Variable>();

  constructor({ model, weights, normalization }: { model: Model; weights: Tensors; normalization: Normalization }) {
    this.model = model;
    this.normalization = normalization;
    this.variables = new Map(
      [...weights].map(([name, tensor]) => [name, newVariable(toDevice(tensor), !isStatistic(name))]),
    );
  }

  /** What the optimizer moves, by name. */
  parameters(): Map<string, tf.Variable> {
    return new Map([...this.variables].filter(([name]) => !isStatistic(name)));
  }

  setMasks(masks: readonly Mask[]): void {
    for (const [layer, { name, shape }] of reluLayers(this.model).entries()) {
      const mask = tf.tensor3d(Float32Array.from(masks[layer] as Mask), [...shape]);
      const variable = this.masks.get(name);
      if (variable) {
        variable.assign(mask);
        mask.dispose();
      } else this.masks.set(name, newVariable(mask));
    }
  }

  async read(): Promise<Tensors> {
    const read = new Map<string, HostTensor>();
    for (const [name, variable] of this.variables) read.set(name, await toHost(variable));
    return read;
  }

  load(weights: Tensors): void {
    for (const [name, variable] of this.variables) assign(variable, weights.get(name), name);
  }

  async countCorrect({ images, labels }: Batch): Promise<number> {
    const correct = tf.tidy(() => {
      const pixels = pixelTensor(images, this.inputShape(labels.length));
      const x = this.input(pixels, tf.zeros([labels.length, 3], "int32"));
      return correctOf(this.evaluate(x, this.freeze()).logits, tf.tensor1d(labels, "int32"));
    });
    const [count = 0] = await correct.data();
    correct.dispose();
    return count;
  }

  inputShape(batch: number): [number, number, number, number] {
    return [batch, ...inputShape(this.model)];
  }

  /** xBHWC: cropped, flipped, then normalized. See `TrainingBatch` for the offsets. */
  input(pixelsBHWC: tf.Tensor4D, offsets: tf.Tensor2D): tf.Tensor4D {
    return augment(pixelsBHWC, offsets, this.normalization);
  }

  /** Batch norms by their batch; the pass says where their running statistics are to move. */
  train(xBHWC: tf.Tensor4D, options: { preActivations?: boolean } = {}): Pass {
    return forward(this.model, { variables: this.tensors(), masks: this.masks, frozen: null }, xBHWC, options);
  }

  /** Batch norms by their running statistics, as they were when `frozen` was made. */
  evaluate(xBHWC: tf.Tensor4D, frozen: Frozen, options: { preActivations?: boolean } = {}): Pass {
    return forward(this.model, { variables: this.tensors(), masks: this.masks, frozen }, xBHWC, options);
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
    tf.dispose([...this.variables.values(), ...this.masks.values()]);
  }
}

export type Frozen = ReadonlyMap<string, Affine>;

export const disposeFrozen = (frozen: Frozen): void =>
  tf.dispose([...frozen.values()].flatMap(({ scale, shift }) => [scale, shift]));
