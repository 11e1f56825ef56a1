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
  /** Images that go forward and backward at once; null for the whole batch. */
  microBatch: number | null;
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
 * loss and gradients are finite: the device decides, so nobody has to wait for the loss. Of micro-batches the gradients are
 * summed to the batch's, while each is normalized by its own statistics, by which the running ones move in turn.
 * @returns the report, [7]
 */
export function trainingStep(parts: TrainingParts, inputs: TrainingInputs): tf.Tensor1D {
  const { students, optimizer, patterns, scores } = parts;
  return tf.tidy(() => {
    const [first, ...others] = microBatchesOf(parts, inputs);
    const share = others.reduce((sum, batch) => joined(sum, shareOf(parts, batch)), shareOf(parts, first));
    const { loss, lossTerms, correct, gradients, batchScores, observations } = share;
    const finite = allFinite([loss, ...gradients]);
    const clipped = parts.clipNorm === null ? gradients : clippedTo(parts.clipNorm, gradients);
    optimizer.update({ gradients: clipped, learningRate: inputs.learningRate, finite, patterns });
    for (const { statistics, observed } of observations) {
      for (const [i, { network }] of students.entries()) {
        network.moveStatistics(statistics[i] as BatchStatistics[], finite);
        network.updateState(observed[i] as Observed[], finite);
      }
    }
    scores?.add(batchScores, finite);
    const report = tf.stack([...lossTerms, loss, correct, finite]) as tf.Tensor1D;
    tf.dispose(share as unknown as tf.TensorContainer);
    return report;
  });
}

interface MicroBatch {
  xBHWC: tf.Tensor4D;
  /** int32 [B]. */
  labels: tf.Tensor1D;
  /** Of the batch's images. */
  weight: number;
}

/** The batch in its order, by so many images. Cut when its bytes are numbers: as a bool tensor they are only uploaded. */
function microBatchesOf(
  { students, microBatch: size }: TrainingParts,
  { pixelsBHWC, offsets, labels }: Omit<TrainingInputs, "learningRate">,
): [MicroBatch, ...MicroBatch[]] {
  const xBHWC = students[0].network.input(pixelsBHWC, offsets);
  const batch = labels.size;
  if (size === null || size >= batch) return [{ xBHWC, labels, weight: 1 }];
  return Array.from({ length: Math.ceil(batch / size) }, (_, i) => {
    const count = Math.min(size, batch - i * size);
    return {
      xBHWC: tf.slice(xBHWC, i * size, count),
      labels: tf.slice(labels, i * size, count),
      weight: count / batch,
    };
  }) as [MicroBatch, ...MicroBatch[]];
}

/** What a micro-batch gives to its batch: loss and gradients as parts of the batch's means. */
interface Share {
  loss: tf.Scalar;
  lossTerms: tf.Scalar[];
  correct: tf.Scalar;
  gradients: tf.Tensor[];
  batchScores: tf.Tensor[];
  /** Of each micro-batch, by student. */
  observations: { statistics: BatchStatistics[][]; observed: Observed[][] }[];
}

/** What it is of lives on beyond the scope of its computation. */
const shareOf = (parts: TrainingParts, batch: MicroBatch): Share =>
  tf.tidy(() => computeShare(parts, batch) as unknown as tf.TensorContainer) as unknown as Share;

function computeShare(parts: TrainingParts, { xBHWC, labels, weight }: MicroBatch): Share {
  const { students, teacher, optimizer, scores } = parts;
  const teacherPass = teacher?.network.evaluate(xBHWC, teacher.frozen) ?? null;
  const { results, gradients } = withGradients(() => {
    const passes = students.map(({ network }) => network.train(xBHWC, scores?.forwardOptions));
    const lossTerms = lossTermsOf(parts, { passes, teacherPass, labels, weight });
    const [pass] = passes as [Pass];
    return {
      loss: tf.addN(lossTerms) as tf.Scalar,
      lossTerms,
      correct: correctOf(pass.logits, labels),
      observations: [
        { statistics: passes.map(({ statistics }) => statistics), observed: passes.map(({ observed }) => observed) },
      ],
      batchScores: scores?.ofForward(pass, teacherPass) ?? [],
    };
  }, [...optimizer.parameters.values()]);
  return { ...results, gradients };
}

/** Both shares as one, in their memory's place. */
function joined(a: Share, b: Share): Share {
  const sum = {
    loss: tf.add(a.loss, b.loss) as tf.Scalar,
    lossTerms: eachAdded(a.lossTerms, b.lossTerms),
    correct: tf.add(a.correct, b.correct) as tf.Scalar,
    gradients: eachAdded(a.gradients, b.gradients),
    batchScores: eachAdded(a.batchScores, b.batchScores),
  };
  for (const { loss, lossTerms, correct, gradients, batchScores } of [a, b])
    tf.dispose([loss, ...lossTerms, correct, ...gradients, ...batchScores]);
  return { ...sum, observations: [...a.observations, ...b.observations] };
}

const eachAdded = <T extends tf.Tensor>(a: readonly T[], b: readonly T[]): T[] =>
  a.map((tensor, i) => tf.add(tensor, b[i] as T) as T);

/**
 * ‖∇ term‖₂ over the optimizer's parameters of each term, 0 of those that no student has. A pass for each term: the
 * gradients of one are freed before those of the next are made. Of the first micro-batch, where there are several.
 * @returns in the order of `lossTermNames`, [4]
 */
export function gradientNorms(parts: TrainingParts, inputs: Omit<TrainingInputs, "learningRate">): tf.Tensor1D {
  const { students, teacher, optimizer } = parts;
  const parameters = [...optimizer.parameters.values()];
  return tf.tidy(() => {
    const [{ xBHWC, labels }] = microBatchesOf(parts, inputs);
    const teacherPass = teacher?.network.evaluate(xBHWC, teacher.frozen) ?? null;
    const norms = lossTermNames.map((name, term) =>
      tf.tidy(() => {
        if (!students.some(({ objective }) => objective[name])) return tf.scalar(0);
        const { grads } = tf.variableGrads(() => {
          const passes = students.map(({ network }) => network.train(xBHWC));
          return lossTermsOf(parts, { passes, teacherPass, labels, weight: 1 })[term] as tf.Scalar;
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
  weight: number;
}

/** In the order of `lossTermNames`, summed over the students, times the weight. */
const lossTermsOf = (
  { students, reluPenaltyWeight }: TrainingParts,
  { passes, teacherPass, labels, weight }: Passes,
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
  ).map((term) => (weight === 1 ? term : tf.mul(term, weight)));

/** Adds the terms of several students, each with each. */
const summed = (terms: readonly (readonly tf.Scalar[])[]): tf.Scalar[] =>
  terms.reduce<tf.Scalar[]>(
    (sums, own) => own.map((term, i) => (sums[i] ? (tf.add(sums[i], term) as tf.Scalar) : term)),
    [],
  );
