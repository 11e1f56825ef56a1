import type { Activation } from "@reluctant/stages";
import type * as tf from "@tensorflow/tfjs-core";

/** Mean and variance of each channel over a batch and its positions. [c] */
export interface ChannelMoments {
  mean: tf.Tensor;
  variance: tf.Tensor;
}

/** An `Activation` on the device, for one ReLU layer. Values are [h, w, c] unless said otherwise. */
export interface DeviceActivation {
  readonly kind: Activation["kind"];
  /** What a checkpoint keeps of it. Trainable ones are moved by the optimizer, the others by `updateState` and from outside. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** y of the same shape, differentiable in x and in the trainable variables. */
  apply(xBHWC: tf.Tensor4D): tf.Tensor4D;
  /** Whether `updateState` wants to know the channels of what enters. */
  readonly observes: boolean;
  /** Brings the other variables up to date after a step on a batch. Where `finite` is false nothing changes. */
  updateState(batch: ChannelMoments | null, finite: tf.Scalar): void;
  /** Scalar, differentiable: how many ReLUs the layer's trainable variables keep; null without such variables. */
  reluPenalty(): tf.Scalar | null;
  dispose(): void;
}
