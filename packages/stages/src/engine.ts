import type { EngineInfo } from "@reluctant/contracts";
import type { Mask, Model, Normalization } from "@reluctant/relu";
import type { Activation } from "./activation.ts";
import type { Tensors } from "./tensors.ts";

/**
 * What computes. The stages are written against these few verbs, so the method never mentions a tensor library and
 * can be tested with any engine. Everything that crosses the border is host memory in PyTorch's names and layouts.
 */
export interface Engine {
  readonly info: EngineInfo;
  /** A network on the device. @throws Error naming the first tensor of `weightShapes(model)` that `weights` lacks. */
  network(options: { model: Model; weights: Tensors; normalization: Normalization }): Network;
  /**
   * A network of fewer channels, `model`, that sees the first ones of `network`'s filters and shares them. Its batch norms
   * are its own: `load` replaces those alone, while `read` gives all of it as a network that stands by itself.
   */
  narrowed(network: Network, model: Model): Network;
  trainer(options: TrainerOptions): Trainer;
  /** Frees every network and trainer made so far. */
  release(): void;
}

/** uint8 NHWC images with their labels. */
export interface Batch {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** A batch with what each image undergoes on the device before it is normalized. */
export interface TrainingBatch extends Batch {
  /**
   * [n, 3]: the crop starts dy rows and dx columns into the image, negative into a black border; then 1 flips it left to
   * right.
   */
  readonly offsets: Int32Array;
}

export interface Network {
  readonly model: Model;
  /**
   * What each ReLU layer computes, in the model's order; a network is all-ReLU until this is set. Their trainable values
   * belong to the network's parameters, so a trainer is made afterwards; masks alone may change under one.
   */
  setActivations(activations: readonly Activation[]): void;
  /** What the activations hold but their masks, by `<layer>.<part>`: `slope`; `score`, `indicator`, `coefficients`, …; `share`. */
  readActivations(): Promise<Tensors>;
  /** Replaces what `readActivations` gives. */
  loadActivations(values: Tensors): void;
  /** Parameters and running statistics, without those of the activations. */
  read(): Promise<Tensors>;
  /** Replaces what `read` gives. */
  load(weights: Tensors): void;
  /** Correctly classified images of a batch, with running statistics (evaluation mode). */
  countCorrect(batch: Batch): Promise<number>;
  /** [n, classes]: logits of a batch, with running statistics. */
  logits(batch: Batch): Promise<Float32Array>;
  /** A statistic of each unit summed over a batch, with running statistics: for each ReLU layer, in (h, w, c) order. */
  sumUnits(statistic: UnitStatistic, batch: Batch): Promise<Float32Array[]>;
}

/** What can be told of a ReLU's unit without a step: `activation` is what leaves it. */
export type UnitStatistic = "activation";

/** A weighted sum of loss terms; a term that is absent is not computed. */
export interface Objective {
  /** Weight of the cross-entropy with the labels. */
  crossEntropy: number;
  /** weight · T²·KL(softmax(z_teacher / T) ‖ softmax(z_student / T)), summed over classes, mean over the batch. */
  divergence?: { weight: number; temperature: number };
  /** Post-ReLU activation mismatch at the model's groups (method.md §5): β·Σ for `attention`, (β/2)·Σ for `raw`. */
  pram?: { form: "attention" | "raw"; weight: number };
  /**
   * weight · max(kept − target, 0), where kept is how many ReLUs the student's trainable activations keep: Σ|c| of soft
   * masks, Σ m of scored ones. The trainer's `adjust` changes the weight.
   */
  reluPenalty?: { weight: number; target: number };
}

/**
 * Scores of ReLU units summed while training (method.md §4): Σ|A_AR − A_PR| after activation; Σ max(−z, 0) before it, which
 * is how far the unit moves when its ReLU is exchanged with the identity; or Σ|∂L/∂a · min(z, 0)|, which is how far the
 * loss then moves, to first order: the Taylor criterion by which Molchanov et al. (ICLR 2017) prune filters, asked of
 * ReLUs.
 */
export type Score = "paper" | "linearization-cost" | "taylor";

export interface TrainerOptions {
  student: Network;
  /** Evaluated without gradients, in evaluation mode, on the same batches; needed by divergence, PRAM and `paper`. */
  teacher?: Network;
  objective: Objective;
  /** Narrower students that share the student's filters: every step sums the loss over all of them. */
  narrower?: readonly { network: Network; objective: Objective }[];
  momentum: number;
  weightDecay: number;
  /** Adam with torch's defaults in SGD's place; the activations' own parameters learn at `activationRate` times the rate. */
  adam?: { activationRate: number };
  /** Gradients longer than this together are scaled down to it. */
  clipNorm?: number;
  /**
   * Images that go forward and backward at once; the gradients of a batch are summed over its micro-batches, then it takes
   * one step. Batch norm sees each of them alone: it normalizes by its mean and variance, and the running statistics move
   * once for each. Default: the whole batch.
   */
  microBatch?: number;
  score?: Score;
}

/** A value for each weighted term of an objective; 0 where a term is absent. */
export interface LossTerms {
  crossEntropy: number;
  divergence: number;
  pram: number;
  reluPenalty: number;
}

/** Loss of one step and its weighted terms, which sum to it. */
export interface StepOutcome extends LossTerms {
  loss: number;
  /** Correctly classified images of the batch. */
  correct: number;
  /** Were the loss and every gradient finite? Otherwise the step changed nothing. */
  finite: boolean;
}

/** A student with its optimizer: torch's SGD with momentum, and weight decay on every parameter. */
export interface Trainer {
  /**
   * Forward in training mode, backward, update. A loss or gradient that is not finite leaves everything as it was. The
   * device takes steps in the order of the calls; the outcome comes when it is through with this one.
   */
  step(batch: TrainingBatch, learningRate: number): Promise<StepOutcome>;
  /**
   * ‖∇ term‖₂ over all parameters for each weighted term, before any clipping, on a batch in training mode. Takes the
   * time of 2.8 steps for three terms (ResNet-8 and 20 on one core), and changes nothing.
   */
  gradientNorms(batch: TrainingBatch): Promise<LossTerms>;
  /** Momentum buffers by parameter name. */
  readMomenta(): Promise<Tensors>;
  loadMomenta(momenta: Tensors): void;
  /** Multiplies these parameters by their 0/1 patterns, now and after every step; gradients and momenta stay dense. */
  setSparsity(patterns: ReadonlyMap<string, Mask>): void;
  /** Changes the weight of the objective's `reluPenalty`, or Adam's `activationRate`, from the next step on. */
  adjust(change: { reluPenaltyWeight?: number; activationRate?: number }): void;
  /** Score sums since they were last loaded, for each ReLU layer in (h, w, c) order. */
  readScores(): Promise<Float32Array[]>;
  /** Replaces the score sums; null starts again from zero. */
  loadScores(sums: readonly Float32Array[] | null): void;
}
