import * as tf from "@tensorflow/tfjs-core";
import { newVariable } from "../variables.ts";
import type { DeviceActivation } from "./activation.ts";

/**
 * SNL's parametric ReLU: y = c·relu(x) + (1 − c)·x, which is x + c·relu(−x), with a slope c for each unit (method.md §9).
 */
export class SoftMask implements DeviceActivation {
  readonly kind = "soft-mask";
  readonly observes = false;
  readonly variables: ReadonlyMap<string, tf.Variable>;
  private readonly slopes: tf.Variable;

  constructor(shape: readonly number[]) {
    this.slopes = newVariable(tf.ones([...shape]), true);
    this.variables = new Map([["slope", this.slopes]]);
  }

  apply(x: tf.Tensor4D): tf.Tensor4D {
    return tf.add(x, tf.mul(this.slopes, tf.relu(tf.neg(x))));
  }

  updateState(): void {}

  /** ‖c‖₁ */
  reluPenalty(): tf.Scalar {
    return tf.sum(tf.abs(this.slopes));
  }

  dispose(): void {
    this.slopes.dispose();
  }
}
