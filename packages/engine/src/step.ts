/**
 * The training step, as one function of device tensors: what it changes are variables, what it returns is the report. The
 * trainer runs it, the bench measures it. Legend: B batch, HWC image.
 */
import type { Objective } from "@reluctant/stages";
import { allFinite } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchStatistics, Observed, Pass } from "./forward.ts";
import { clippedTo, withGradients } from "./gradients.ts";
import { correctOf, terms } from "./losses.ts";
import type { Frozen, TfNetwork } from "./network.ts";
import type { Optimizer } from "./optimizer.ts";
import type { ScoreSums } from "./scores.ts";

export interface Student {
  network: TfNetwork;
  objective: Objective;
}

export interface TrainingParts {
  /** The student, then narrower ones that share its filters: a step sums the loss over all. */
  students: readonly [Student, ...Student[]];
  /** Evaluated without gradients on the same batch. */
  teacher: { network: TfNetwork; frozen: Frozen } | null;
  optimizer: Optimizer;
  /** 0/1 patterns by parameter name, which every update keeps. */
  patterns: ReadonlyMap<string, tf.Tensor>;
  scores: ScoreSums | null;
  /** Weight of the objective's `reluPenalty`: a variable, because the course of a search changes it. */
  reluPenaltyWeight: tf.Variable;
  /** Gradients longer than this together are scaled down to it. */
  clipNorm: number | null;
}

export interface TrainingInputs {
  /** From `pixelTensor`. */
  pixelsBHWC: tf.Tensor4D;
  /** int32 [B, 3]: dy, dx, flip. */
  offsets: tf.Tensor2D;
  /** int32 [B]. */
  labels: tf.Tensor1D;
  learningRate: tf.Scalar;
}

export const lossTermNames = ["crossEntropy", "divergence", "pram", "reluPenalty"] as const;
/** Values of a report, in their order; `finite` is 1 where the loss and every gradient are, and the update took place. */
export const reported = [...lossTermNames, "loss", "correct", "finite"] as const;

/**
 * Forward, backward, update. Parameters, optimizer state, running statistics and score sums change together, and only if
 * loss and gradients are finite: the device decides, so nobody has to wait for the loss.
 * @returns the report, [7]
 */
export function trainingStep(parts: TrainingParts, inputs: TrainingInputs): tf.Tensor1D {
  const { students, teacher, optimizer, patterns, scores } = parts;
  const { pixelsBHWC, offsets, labels, learningRate } = inputs;
  return tf.tidy(() => {
    const xBHWC = students[0].network.input(pixelsBHWC, offsets);
    const teacherPass = teacher?.network.evaluate(xBHWC, teacher.frozen) ?? null;
    const { results, gradients } = withGradients(() => {
      const passes = students.map(({ network }) => network.train(xBHWC, scores?.forwardOptions));
      const lossTerms = lossTermsOf(parts, { passes, teacherPass, labels });
      const [pass] = passes as [Pass];
      return {
        loss: tf.addN(lossTerms) as tf.Scalar,
        lossTerms,
        correct: correctOf(pass.logits, labels),
        statistics: passes.map(({ statistics }) => statistics),
        observed: passes.map(({ observed }) => observed),
        batchScores: scores?.ofForward(pass, teacherPass) ?? [],
      };
    }, [...optimizer.parameters.values()]);
    const { loss, lossTerms, correct, statistics, observed, batchScores } = results;
    const finite = allFinite([loss, ...gradients]);
    const clipped = parts.clipNorm === null ? gradients : clippedTo(parts.clipNorm, gradients);
    optimizer.update({ gradients: clipped, learningRate, finite, patterns });
    for (const [i, { network }] of students.entries()) {
      network.moveStatistics(statistics[i] as BatchStatistics[], finite);
      network.updateState(observed[i] as Observed[], finite);
    }
    scores?.add(batchScores, finite);
    const report = tf.stack([...lossTerms, loss, correct, finite]) as tf.Tensor1D;
    tf.dispose(results as unknown as tf.TensorContainer);
    return report;
  });
}

/**
 * ‖∇ term‖₂ over the optimizer's parameters of each term, 0 of those that no student has. A pass for each term: the
 * gradients of one are freed before those of the next are made.
 * @returns in the order of `lossTermNames`, [4]
 */
export function gradientNorms(
  parts: TrainingParts,
  { pixelsBHWC, offsets, labels }: Omit<TrainingInputs, "learningRate">,
): tf.Tensor1D {
  const { students, teacher, optimizer } = parts;
  const parameters = [...optimizer.parameters.values()];
  return tf.tidy(() => {
    const xBHWC = students[0].network.input(pixelsBHWC, offsets);
    const teacherPass = teacher?.network.evaluate(xBHWC, teacher.frozen) ?? null;
    const norms = lossTermNames.map((name, term) =>
      tf.tidy(() => {
        if (!students.some(({ objective }) => objective[name])) return tf.scalar(0);
        const { grads } = tf.variableGrads(() => {
          const passes = students.map(({ network }) => network.train(xBHWC));
          return lossTermsOf(parts, { passes, teacherPass, labels })[term] as tf.Scalar;
        }, parameters);
        const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)));
        return tf.sqrt(tf.addN(squares)) as tf.Scalar;
      }),
    );
    return tf.stack(norms) as tf.Tensor1D;
  });
}

interface Passes {
  /** One for each student. */
  passes: readonly Pass[];
  /** The teacher's. */
  teacherPass: Pass | null;
  /** int32 [B]. */
  labels: tf.Tensor1D;
}

/** In the order of `lossTermNames`, summed over the students. */
const lossTermsOf = (
  { students, reluPenaltyWeight }: TrainingParts,
  { passes, teacherPass, labels }: Passes,
): tf.Scalar[] =>
  summed(
    students.map(({ network, objective }, i) =>
      terms(objective, {
        student: passes[i] as Pass,
        teacher: teacherPass,
        groups: network.model.groups,
        labels,
        reluPenalty: objective.reluPenalty ? { count: network.reluPenalty(), weight: reluPenaltyWeight } : null,
      }),
    ),
  );

/** Adds the terms of several students, each with each. */
const summed = (terms: readonly (readonly tf.Scalar[])[]): tf.Scalar[] =>
  terms.reduce<tf.Scalar[]>(
    (sums, own) => own.map((term, i) => (sums[i] ? (tf.add(sums[i], term) as tf.Scalar) : term)),
    [],
  );
