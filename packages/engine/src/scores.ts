import { type Model, reluLayers } from "@reluctant/relu";
import type { Score } from "@reluctant/stages";
import { absDiffSum, commitSums, negPartSum } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import type { Pass } from "./forward.ts";
import { newVariable } from "./variables.ts";

/** What a mask search sums over its batches for each ReLU unit (PAPER §4). */
export class ScoreSums {
  readonly score: Score;
  /** By ReLU layer, [h, w, c]. */
  private readonly sums: ReadonlyMap<string, tf.Variable>;

  constructor(score: Score, model: Model) {
    this.score = score;
    this.sums = new Map(reluLayers(model).map(({ name, shape }) => [name, newVariable(tf.zeros([...shape]))]));
  }

  /** A batch's share of every sum, to be added once the step is known to be finite. */
  ofBatch(student: Pass, teacher: Pass | null): tf.Tensor[] {
    return [...this.sums.keys()].map((layer) => unitScores[this.score](layer, student, teacher));
  }

  add(ofBatch: readonly tf.Tensor[], finite: tf.Scalar): void {
    commitSums({ sums: [...this.sums.values()], pending: ofBatch, guard: finite });
  }

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

const unitScores: Record<Score, (layer: string, student: Pass, teacher: Pass | null) => tf.Tensor> = {
  // Σ |A_AR − A_PR| of what leaves the ReLUs
  paper: (layer, student, teacher) =>
    absDiffSum(teacher?.outputs.get(layer) as tf.Tensor, student.outputs.get(layer) as tf.Tensor),
  // Σ max(−z, 0) of what enters them
  "linearization-cost": (layer, student) => negPartSum(student.preActivations.get(layer) as tf.Tensor),
};
