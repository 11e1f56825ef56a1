import { sgdStep } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { newVariable } from "./variables.ts";

export interface Update {
  /** One for each parameter, in their order. */
  gradients: readonly tf.Tensor[];
  learningRate: tf.Scalar;
  /** Where it is 0 nothing changes. */
  finite: tf.Scalar;
  /** 0/1 patterns by parameter name: what is 0 there is 0 after every update, while its state stays dense. */
  patterns: ReadonlyMap<string, tf.Tensor>;
}

/** Moves parameters against their gradients. All it remembers lies in `state`, for checkpoints. */
export interface Optimizer {
  /** What it moves, by name. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** By parameter name. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  update(update: Update): void;
  dispose(): void;
}

/** torch's SGD: v ← momentum · v + (g + weightDecay · p), then p ← p − learningRate · v; no dampening, no Nesterov. */
export class Sgd implements Optimizer {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly state: ReadonlyMap<string, tf.Variable>;
  private readonly momentum: number;
  private readonly weightDecay: number;

  constructor(
    parameters: ReadonlyMap<string, tf.Variable>,
    { momentum, weightDecay }: { momentum: number; weightDecay: number },
  ) {
    this.parameters = parameters;
    this.momentum = momentum;
    this.weightDecay = weightDecay;
    this.state = new Map([...parameters].map(([name, { shape }]) => [name, newVariable(tf.zeros(shape))]));
  }

  update({ gradients, learningRate, finite, patterns }: Update): void {
    sgdStep({
      params: [...this.parameters.values()],
      grads: gradients,
      momenta: [...this.state.values()],
      patterns: [...this.parameters.keys()].map((name) => patterns.get(name) ?? null),
      lr: learningRate,
      momentum: this.momentum,
      weightDecay: this.weightDecay,
      guard: finite,
    });
  }

  dispose(): void {
    tf.dispose([...this.state.values()]);
  }
}
