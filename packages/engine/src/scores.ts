import { type Model, reluLayers } from "@reluctant/relu";
import type { Score } from "@reluctant/stages";
import { absDiffSum, commitSums, negPartSum } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { ForwardOptions, Pass } from "./forward.ts";
import { withGradientHook } from "./gradients.ts";
import { newVariable } from "./variables.ts";

/** What a mask search sums over its batches for each ReLU unit (method.md §4). */
export class ScoreSums {
  readonly score: Score;
  /** What a student's forward pass must keep and show for this score. */
  readonly forwardOptions: ForwardOptions;
  /** By ReLU layer, [h, w, c]. */
  private readonly sums: ReadonlyMap<string, tf.Variable>;
  /** Shares of the batch that only its backward pass tells, by layer. */
  private readonly fromBackward = new Map<string, tf.Tensor>();

  constructor(score: Score, model: Model) {
    this.score = score;
    this.forwardOptions = {
      preActivations: score !== "paper",
      gradientHook: score === "taylor" ? this.gradientHook : undefined,
    };
    this.sums = new Map(reluLayers(model).map(({ name, shape }) => [name, newVariable(tf.zeros([...shape]))]));
  }

  /** What the forward passes tell of a batch's share of every sum, to be added once the step is known to be finite. */
  ofForward(student: Pass, teacher: Pass | null): tf.Tensor[] {
    const { score } = this;
    return score === "taylor" ? [] : [...this.sums.keys()].map((layer) => unitScores[score](layer, student, teacher));
  }

  /** Adds the batch's share, after its backward pass. */
  add(ofForward: readonly tf.Tensor[], finite: tf.Scalar): void {
    const ofBackward = [...this.sums.keys()].flatMap((layer) => this.fromBackward.get(layer) ?? []);
    commitSums({ sums: [...this.sums.values()], pending: [...ofForward, ...ofBackward], guard: finite });
    tf.dispose(ofBackward);
    this.fromBackward.clear();
  }

  /** Σ|∂L/∂a · min(z, 0)| */
  private readonly gradientHook = (layer: string, aBHWC: tf.Tensor, zBHWC: tf.Tensor): tf.Tensor =>
    withGradientHook(aBHWC, zBHWC, (dyBHWC, zBHWC) => {
      const before = this.fromBackward.get(layer); // of the micro-batches that came first
      const share = tf.tidy(() => {
        const own = tf.sum(tf.abs(tf.mul(dyBHWC, tf.minimum(zBHWC, 0))), 0);
        return before ? tf.add(before, own) : own;
      });
      before?.dispose();
      this.fromBackward.set(layer, tf.keep(share));
    });

  async read(): Promise<Float32Array[]> {
    const read: Float32Array[] = [];
    for (const sum of this.sums.values()) read.push(Float32Array.from(await sum.data<"float32">()));
    return read;
  }

  /** Replaces the sums; null starts again from zero. */
  load(sums: readonly Float32Array[] | null): void {
    [...this.sums.values()].forEach((variable, layer) => {
      tf.tidy(() =>
        variable.assign(sums ? tf.tensor(sums[layer] as Float32Array, variable.shape) : tf.zeros(variable.shape)),
      );
    });
  }

  dispose(): void {
    tf.dispose([...this.sums.values()]);
  }
}

const unitScores: Record<
  Exclude<Score, "taylor">,
  (layer: string, student: Pass, teacher: Pass | null) => tf.Tensor
> = {
  // Σ |A_AR − A_PR| of what leaves the ReLUs
  paper: (layer, student, teacher) =>
    absDiffSum(teacher?.outputs.get(layer) as tf.Tensor, student.outputs.get(layer) as tf.Tensor),
  // Σ max(−z, 0) of what enters them
  "linearization-cost": (layer, student) => negPartSum(student.preActivations.get(layer) as tf.Tensor),
};
