import * as tf from "@tensorflow/tfjs-core";
import { assignIf } from "../guard.ts";
import { newVariable } from "../variables.ts";
import type { ChannelMoments, DeviceActivation } from "./activation.ts";
import { gaussianFit } from "./gaussian-fit.ts";
import { polynomialOf, replaced } from "./polynomial.ts";

/** Decay of the running mean and variance, as batch norm's. */
const decay = 0.9;

/**
 * AutoReP's mask (method.md §9): a unit keeps its ReLU while its indicator is 1; the indicator follows the sign of a
 * trainable score with hysteresis. Removed units compute the degree-2 fit of ReLU under a Gaussian with their channel's
 * running mean and variance. All ReLUs are kept at the start, where scores are positive, so the statistics settle before
 * any is removed.
 */
export class ScoredMask implements DeviceActivation {
  readonly kind = "scored-mask";
  readonly observes = true;
  readonly variables: ReadonlyMap<string, tf.Variable>;
  private readonly scores: tf.Variable;
  private readonly indicator: tf.Variable;
  private readonly mean: tf.Variable;
  private readonly variance: tf.Variable;
  /** [3, c] */
  private readonly coefficients: tf.Variable;
  private readonly hysteresis: number;

  constructor(
    shape: readonly [number, number, number],
    { scores, hysteresis }: { scores: Float32Array; hysteresis: number },
  ) {
    const channels = shape[2];
    this.hysteresis = hysteresis;
    this.scores = newVariable(tf.tensor(scores, [...shape]), true);
    this.indicator = newVariable(tf.ones([...shape]));
    this.mean = newVariable(tf.zeros([channels]));
    this.variance = newVariable(tf.ones([channels]));
    this.coefficients = newVariable(gaussianFit(this.mean, this.variance));
    this.variables = new Map([
      ["score", this.scores],
      ["indicator", this.indicator],
      ["running_mean", this.mean],
      ["running_var", this.variance],
      ["coefficients", this.coefficients],
    ]);
  }

  apply(x: tf.Tensor4D): tf.Tensor4D {
    return replaced(x, tf.sub(1, this.mask()), polynomialOf(x, this.coefficients));
  }

  updateState(batch: ChannelMoments | null, finite: tf.Scalar): void {
    tf.tidy(() => {
      const moved = (running: tf.Tensor, now: tf.Tensor) => tf.add(tf.mul(running, decay), tf.mul(now, 1 - decay));
      if (batch) {
        assignIf(finite, this.mean, moved(this.mean, batch.mean));
        assignIf(finite, this.variance, moved(this.variance, batch.variance));
      }
      this.coefficients.assign(gaussianFit(this.mean, this.variance));
      // The same scores give the same indicators, however often asked: nothing to guard.
      const risen = tf.where(tf.greater(this.scores, this.hysteresis), 1, this.indicator);
      this.indicator.assign(tf.where(tf.less(this.scores, -this.hysteresis), 0, risen));
    });
  }

  /** Σ m */
  reluPenalty(): tf.Scalar {
    return tf.sum(this.mask());
  }

  dispose(): void {
    tf.dispose([...this.variables.values()]);
  }

  /** The indicator, whose gradient with respect to the scores is that of softplus. */
  private mask(): tf.Tensor {
    const through = tf.customGrad((scores, save) => {
      (save as tf.GradSaveFunc)([scores as tf.Tensor]);
      return {
        value: tf.clone(this.indicator),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.sigmoid(saved[0] as tf.Tensor)),
      };
    });
    return through(this.scores);
  }
}
