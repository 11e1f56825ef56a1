/** The terms of an objective in float64 (method.md §5), and the slopes of anything. B images, K classes. */
import type { Shape } from "@reluctant/relu";
import { add, type Numbers } from "./reference-nodes.ts";

/** Mean over the batch of −log softmax(z)[label]. */
export const crossEntropy = (logits: Numbers, labels: Int32Array): number =>
  mean(rowsOf(logits, labels.length).map((row, image) => -(logSoftmax(row)[labels[image] as number] as number)));

/** T² · KL(softmax(teacher / T) ‖ softmax(student / T)), mean over the batch. */
export const divergence = (teacher: Numbers, student: Numbers, { batch, T }: { batch: number; T: number }): number => {
  const students = rowsOf(student, batch);
  const perImage = rowsOf(teacher, batch).map((row, image) => {
    const [p, q] = [row, students[image] as Numbers].map((z) => logSoftmax(z.map((value) => value / T)));
    return total((p as Numbers).map((logP, k) => Math.exp(logP) * (logP - (q?.[k] as number))));
  });
  return T ** 2 * mean(perImage);
};

/** Mean over batch and positions of (Q_student − Q_teacher)², Q the means of A² over channels with length 1 an image. */
export function attentionMismatch(teacher: Numbers, student: Numbers, [height, width, channels]: Shape): number {
  const attention = (map: Numbers) => {
    const q = new Float64Array(map.length / channels);
    map.forEach((value, i) => {
      add(q, Math.floor(i / channels), value ** 2 / channels);
    });
    return unitRows(q, q.length / (height * width));
  };
  const [taught, learned] = [attention(teacher), attention(student)];
  return mean(taught.flatMap((row, image) => [...row.map((v, i) => (v - (learned[image]?.[i] as number)) ** 2)]));
}

/** Mean over the batch of ‖Ψ_student − Ψ_teacher‖₂, Ψ an image's activations with length 1. */
export function rawMismatch(teacher: Numbers, student: Numbers, batch: number): number {
  const learned = unitRows(student, batch);
  return mean(
    unitRows(teacher, batch).map((row, image) => Math.hypot(...row.map((v, i) => v - (learned[image]?.[i] as number)))),
  );
}

/** Central differences of `f` at every place of `at`. */
export const slopesOf = (f: (at: Numbers) => number, at: Numbers): Numbers =>
  at.map((value, i) => {
    const h = 1e-6 * Math.max(Math.abs(value), 1e-2);
    return (f(at.with(i, value + h)) - f(at.with(i, value - h))) / (2 * h);
  });

export const rowsOf = (values: Numbers, rows: number): Numbers[] => {
  const length = values.length / rows;
  return Array.from({ length: rows }, (_, row) => values.subarray(row * length, (row + 1) * length));
};

const unitRows = (values: Numbers, rows: number): Numbers[] =>
  rowsOf(values, rows).map((row) => {
    const length = Math.hypot(...row);
    return row.map((value) => (length === 0 ? 0 : value / length));
  });

function logSoftmax(row: Numbers): Numbers {
  const most = Math.max(...row);
  const log = most + Math.log(total(row.map((value) => Math.exp(value - most))));
  return row.map((value) => value - log);
}

const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);
const mean = (values: ArrayLike<number>): number => total(values) / values.length;
