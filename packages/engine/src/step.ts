/**
 * The training step, as one function of device tensors: what it changes are variables, what it returns is the report. The
 * trainer runs it, the bench measures it.
 *
 * Legend: B batch, HWC image.
 */
import type { Objective } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { withGradients } from "./gradients.ts";
import { allFinite } from "./guard.ts";
import { correctOf, terms } from "./losses.ts";
import type { TfNetwork } from "./network.ts";
import type { Optimizer } from "./optimizer.ts";
import type { ScoreSums } from "./scores.ts";

export interface TrainingParts {
  student: TfNetwork;
  /** Evaluated without gradients, in evaluation mode, on the same batch. */
  teacher: TfNetwork | null;
  objective: Objective;
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
  const { student, objective, optimizer, patterns, scores } = parts;
  return tf.tidy(() => {
    const teacher = parts.teacher?.forward(imagesBHWC, { training: false }) ?? null;
    const { results, gradients } = withGradients(() => {
      const pass = student.forward(imagesBHWC, {
        training: true,
        preActivations: scores?.score === "linearization-cost",
      });
      const lossTerms = terms(objective, { student: pass, teacher, groups: student.model.groups, labels });
      return {
        loss: tf.addN(lossTerms) as tf.Scalar,
        lossTerms,
        correct: correctOf(pass.logits, labels),
        statistics: pass.statistics,
        batchScores: scores?.ofBatch(pass, teacher) ?? [],
      };
    }, [...optimizer.parameters.values()]);
    const { loss, lossTerms, correct, statistics, batchScores } = results;
    const finite = allFinite([loss, ...gradients]);
    optimizer.update({ gradients, learningRate, finite, patterns });
    student.moveStatistics(statistics, finite);
    scores?.add(batchScores, finite);
    const report = tf.stack([...lossTerms, loss, correct, tf.cast(finite, "float32")]) as tf.Tensor1D;
    tf.dispose(results as unknown as tf.TensorContainer);
    return report;
  });
}
