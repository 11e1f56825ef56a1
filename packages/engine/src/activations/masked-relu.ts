import type { Mask } from "@reluctant/relu";
import { maskedRelu } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { newVariable } from "../variables.ts";
import type { DeviceActivation } from "./activation.ts";

/** SENet's partial ReLU: relu(x) where the mask is 1, x where it is 0. The pass may fuse it with what comes before it. */
export class MaskedRelu implements DeviceActivation {
  readonly kind = "masked-relu";
  readonly observes = false;
  /** None: the mask belongs to whoever sets it, and is in their checkpoint. */
  readonly variables: ReadonlyMap<string, tf.Variable> = new Map();
  /** A variable, so that a recorded step reads the mask of the day. */
  readonly mask: tf.Variable;

  constructor(shape: readonly [number, number, number], mask: Mask) {
    this.mask = newVariable(tf.tensor3d(Float32Array.from(mask), [...shape]));
  }

  setMask(mask: Mask): void {
    tf.tidy(() => this.mask.assign(tf.tensor(Float32Array.from(mask), this.mask.shape)));
  }

  apply(x: tf.Tensor4D): tf.Tensor4D {
    return maskedRelu(x, this.mask);
  }

  updateState(): void {}

  reluPenalty(): null {
    return null;
  }

  dispose(): void {
    this.mask.dispose();
  }
}
