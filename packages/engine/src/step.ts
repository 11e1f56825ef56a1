/**
 * The training step, as one function of device tensors: what it changes are variables, what it returns is the report. The
 * trainer runs it, the bench measures it.
 *
 * Legend: B batch, HWC image.
 */
import type { Objective } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchStatistics, Pass } from "./forward.ts";
import { withGradients } from "./gradients.ts";
import { allFinite } from "./guard.ts";
import { correctOf, terms } from "./losses.ts";
import type { TfNetwork } from "./network.ts";
import type { Optimizer } from "./optimizer.ts";
import type { ScoreSums } from "./scores.ts";

export interface Student {
  network: TfNetwork;
  objective: Objective;
}

export interface TrainingParts {
  /** The student, then narrower ones that share its filters: a step sums the loss over all. */
  students: readonly [Student, ...Student[]];
  /** Evaluated without gradients, in evaluation mode, on the same batch. */
  teacher: TfNetwork | null;
  optimizer: Optimizer;
  /** 0/1 patterns by parameter name, which every update keeps. */
  patterns: ReadonlyMap<string, tf.Tensor>;
  scores: ScoreSums | null;
}

export interface TrainingInputs {
  /** Normalized. */
  imagesBHWC: tf.Tensor4D;
  /** [B], int32. */
  labels: tf.Tensor1D;
  learningRate: tf.Scalar;
}

/** Values of a report, in their order; `finite` is 1 where the loss and every gradient are, and the update took place. */
export const reported = ["crossEntropy", "divergence", "pram", "loss", "correct", "finite"] as const;

/**
 * Forward, backward, update. Parameters, optimizer state, running statistics and score sums change together, and only if
 * loss and gradients are finite: the device decides, so nobody has to wait for the loss.
 * @returns the report, [6]
 */
export function trainingStep(parts: TrainingParts, { imagesBHWC, labels, learningRate }: TrainingInputs): tf.Tensor1D {
  const { students, optimizer, patterns, scores } = parts;
  return tf.tidy(() => {
    const teacher = parts.teacher?.forward(imagesBHWC, { training: false }) ?? null;
    const { results, gradients } = withGradients(() => {
      const preActivations = scores?.score === "linearization-cost";
      const passes = students.map(({ network }) => network.forward(imagesBHWC, { training: true, preActivations }));
      const lossTerms = summed(
        students.map(({ network, objective }, i) =>
          terms(objective, { student: passes[i] as Pass, teacher, groups: network.model.groups, labels }),
        ),
      );
      const [pass] = passes as [Pass];
      return {
        loss: tf.addN(lossTerms) as tf.Scalar,
        lossTerms,
        correct: correctOf(pass.logits, labels),
        statistics: passes.map(({ statistics }) => statistics),
        batchScores: scores?.ofBatch(pass, teacher) ?? [],
      };
    }, [...optimizer.parameters.values()]);
    const { loss, lossTerms, correct, statistics, batchScores } = results;
    const finite = allFinite([loss, ...gradients]);
    optimizer.update({ gradients, learningRate, finite, patterns });
    for (const [i, { network }] of students.entries())
      network.moveStatistics(statistics[i] as BatchStatistics[], finite);
    scores?.add(batchScores, finite);
    const report = tf.stack([...lossTerms, loss, correct, tf.cast(finite, "float32")]) as tf.Tensor1D;
    tf.dispose(results as unknown as tf.TensorContainer);
    return report;
  });
}

/** Adds the terms of several students, each with each. */
const summed = (terms: readonly (readonly tf.Scalar[])[]): tf.Scalar[] =>
  terms.reduce<tf.Scalar[]>(
    (sums, own) => own.map((term, i) => (sums[i] ? (tf.add(sums[i], term) as tf.Scalar) : term)),
    [],
  );
