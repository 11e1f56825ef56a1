import type { HostTensor } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { toDevice } from "./layout.ts";

/** A variable of its own values; the tensor is disposed. */
export function newVariable(tensor: tf.Tensor, trainable = false): tf.Variable {
  const variable = tf.variable(tensor, trainable);
  tensor.dispose();
  return variable;
}

/** @throws Error when there is no tensor, or its shape differs */
export function assign(variable: tf.Variable, tensor: HostTensor | undefined, name: string): void {
  if (!tensor) throw new Error(`tensor "${name}" is missing`);
  tf.tidy(() => variable.assign(toDevice(tensor)));
}
