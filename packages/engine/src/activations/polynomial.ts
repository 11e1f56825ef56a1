import * as tf from "@tensorflow/tfjs-core";
import { newVariable } from "../variables.ts";
import type { DeviceActivation } from "./activation.ts";

/** relu(x) + share·(q(x) − relu(x)): exactly a ReLU at share 0 and exactly q at share 1 where relu(x) = 0. */
export function replaced(x: tf.Tensor4D, share: tf.Tensor, q: tf.Tensor): tf.Tensor4D {
  const open = tf.relu(x);
  return tf.add(open, tf.mul(share, tf.sub(q, open)));
}

/** c₀ + c₁x + c₂x² for each channel. coefficients [3, c] */
export function polynomialOf(x: tf.Tensor4D, coefficients: tf.Tensor): tf.Tensor4D {
  const [c0, c1, c2] = tf.unstack(coefficients) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  return tf.add(c0, tf.mul(x, tf.add(c1, tf.mul(c2, x))));
}

/** A polynomial in place of some units' ReLU, wholly or by a share: DELPHI's layers, and frozen ones (method.md §9). */
export class PolynomialActivation implements DeviceActivation {
  readonly kind = "polynomial";
  readonly observes = false;
  readonly variables: ReadonlyMap<string, tf.Variable>;
  private readonly share: tf.Variable;
  /** [3, c] */
  private readonly coefficients: tf.Tensor;

  constructor(shape: readonly number[], values: { share: Float32Array; coefficients: Float32Array }) {
    this.share = newVariable(tf.tensor(values.share, [...shape]));
    this.coefficients = tf.tensor(values.coefficients, [3, values.coefficients.length / 3]);
    this.variables = new Map([["share", this.share]]);
  }

  apply(x: tf.Tensor4D): tf.Tensor4D {
    return replaced(x, this.share, polynomialOf(x, this.coefficients));
  }

  updateState(): void {}

  reluPenalty(): null {
    return null;
  }

  dispose(): void {
    tf.dispose([this.share, this.coefficients]);
  }
}
