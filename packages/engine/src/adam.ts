import * as tf from "@tensorflow/tfjs-core";
import { assignIf } from "./guard.ts";
import type { Optimizer, Update } from "./optimizer.ts";
import { assign, newVariable } from "./variables.ts";

/** Torch's defaults. */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * torch's Adam without weight decay: with m and v the running means of g and g², their bias divided out,
 * p ← p − rate · m / (√v + ε). What an activation trains learns at `activationRate` times the rate.
 */
export class Adam implements Optimizer {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** `first.<parameter>` m, `second.<parameter>` v, and β₁ᵗ, β₂ᵗ in `powers`. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  private readonly activationRate: tf.Variable;

  constructor(parameters: ReadonlyMap<string, tf.Variable>, { activationRate }: { activationRate: number }) {
    this.parameters = parameters;
    this.activationRate = newVariable(tf.scalar(activationRate));
    const zeros = (prefix: string) =>
      [...parameters].map(([name, { shape }]) => [`${prefix}.${name}`, newVariable(tf.zeros(shape))] as const);
    this.state = new Map([...zeros("first"), ...zeros("second"), ["powers", newVariable(tf.ones([2]))]]);
  }

  update({ gradients, learningRate, finite, patterns }: Update): void {
    tf.tidy(() => {
      const powers = this.variable("powers");
      assignIf(finite, powers, tf.mul(powers, [beta1, beta2]));
      const [bias1, bias2] = tf.unstack(tf.sub(1, powers)) as [tf.Scalar, tf.Scalar];
      const rate = tf.div(learningRate, bias1);
      const rates = { weights: rate, activations: tf.mul(rate, this.activationRate) };
      const scale = tf.sqrt(bias2);
      [...this.parameters].forEach(([name, parameter], i) => {
        const gradient = gradients[i] as tf.Tensor;
        const first = this.moved(`first.${name}`, gradient, beta1, finite);
        const second = this.moved(`second.${name}`, tf.square(gradient), beta2, finite);
        const direction = tf.div(first, tf.add(tf.div(tf.sqrt(second), scale), epsilon));
        const moved = tf.sub(
          parameter,
          tf.mul(direction, name.startsWith("activation.") ? rates.activations : rates.weights),
        );
        const pattern = patterns.get(name);
        assignIf(finite, parameter, pattern ? tf.mul(moved, pattern) : moved);
      });
    });
  }

  setActivationRate(rate: number): void {
    assign(this.activationRate, { shape: [], values: Float32Array.of(rate) }, "activationRate");
  }

  dispose(): void {
    tf.dispose([...this.state.values(), this.activationRate]);
  }

  private moved(name: string, value: tf.Tensor, decay: number, finite: tf.Scalar): tf.Variable {
    const mean = this.variable(name);
    assignIf(finite, mean, tf.add(tf.mul(mean, decay), tf.mul(value, 1 - decay)));
    return mean;
  }

  private variable(name: string): tf.Variable {
    return this.state.get(name) as tf.Variable;
  }
}
