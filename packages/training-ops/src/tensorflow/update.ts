/**
 * What a step changes, under its guard. Variables are assigned: TensorFlow's tensors are never written in place. The guard is
 * read, where other backends leave it on the device: a CPU has nothing to wait for, and half of the small operators go.
 */
import type { Kernels, Operators } from "@reluctant/tfjs-backend-tensorflow";
import * as tf from "@tensorflow/tfjs-core";

export const updateKernels: Kernels = {
  /** Of `makeExclusive`: the same values under a name of their own. */
  TorchCopy: (operators, { x }) => operators.run("Identity", [x], { T: { type: x.dtype } }),
  TrainingAllFinite: (_, __, { tensors }) => {
    const filled = (tensors as tf.Tensor[]).filter(({ size }) => size > 0);
    const [vectors, others] = [filled.filter(({ rank }) => rank === 1), filled.filter(({ rank }) => rank !== 1)];
    const joined = tf.concat([tf.zeros([1]), ...vectors]); // each is small; the zero, since there may be none
    return tf.cast(tf.all(tf.stack([joined, ...others].map((x) => tf.all(tf.isFinite(x))))), "float32");
  },
  TrainingSgd: (operators, { rate }, { params, grads, momenta, momentum, weightDecay, given, patternOf, guard }) => {
    if (isClosed(guard)) return [];
    const { add, mul, sub } = arithmetic(operators);
    const [kept, decay] = [tf.scalar(momentum), tf.scalar(weightDecay)];
    const moved = (p: tf.Tensor, v: tf.Tensor, g: tf.Tensor): [p: tf.Tensor, v: tf.Tensor] => {
      const velocity = add(mul(v, kept), add(g, mul(p, decay)));
      return [sub(p, mul(velocity, rate)), velocity];
    };
    const [vectors, others] = vectorsAndOthers(params, patternOf);
    if (vectors.length > 0) {
      const of = <T extends tf.Tensor>(tensors: readonly T[]): T[] => vectors.map((i) => tensors[i] as T);
      const [p, v] = moved(tf.concat(of(params)), tf.concat(of(momenta)), tf.concat(of(grads)));
      assignParts(p, of(params));
      assignParts(v, of(momenta));
    }
    for (const i of others) {
      const [p, v] = moved(params[i], momenta[i], grads[i]);
      momenta[i].assign(v);
      params[i].assign(patternOf[i] < 0 ? p : mul(p, given[patternOf[i]]));
    }
    return [];
  },
  TrainingCommitStatistics: (operators, _, attrs) => {
    const { runningMeans, runningVariances, batchMeans, batchVariances, counts, decay, guard } = attrs;
    if (isClosed(guard)) return [];
    // All as one vector, since each alone is small.
    const running: tf.Variable[] = [...runningMeans, ...runningVariances];
    const factors = [...counts.map(() => 1), ...counts.map((count: number) => count / (count - 1))];
    const shares = running.flatMap(({ size }, i) => new Array<number>(size).fill((1 - decay) * factors[i]));
    const { add, mul } = arithmetic(operators);
    const batch = mul(tf.concat([...batchMeans, ...batchVariances]), tf.tensor1d(shares));
    const moved = add(mul(tf.concat(running), tf.scalar(decay)), batch);
    assignParts(moved, running);
    return [];
  },
  TrainingCommitSums: (_, __, { sums, pending, guard }) => {
    if (!isClosed(guard)) for (const [i, sum] of (sums as tf.Variable[]).entries()) sum.assign(tf.add(sum, pending[i]));
    return [];
  },
};

const isClosed = (guard: tf.Scalar | null): boolean => guard?.dataSync()[0] === 0;

/** The parameters that are moved as one vector, since each alone is small, and those that are moved by themselves. */
function vectorsAndOthers(params: readonly tf.Variable[], patternOf: readonly number[]): [number[], number[]] {
  const isVector = (i: number) => params[i]?.rank === 1 && (patternOf[i] as number) < 0;
  const all = [...params.keys()];
  return [all.filter(isVector), all.filter((i) => !isVector(i))];
}

/** Gives each variable its part of a vector that they make together. */
function assignParts(all: tf.Tensor, variables: readonly tf.Variable[]): void {
  const sizes = variables.map(({ size }) => size);
  for (const [i, part] of tf.split(all, sizes).entries()) variables[i]?.assign(part);
}

/** As TensorFlow.js has it, without the third of a small operator's time that passes between `tf.add` and its kernel. */
function arithmetic(operators: Operators) {
  const binary = (name: string) => (a: tf.Tensor, b: tf.Tensor) =>
    operators.run(name, [a, b], { T: { type: "float32" } });
  return { add: binary("AddV2"), mul: binary("Mul"), sub: binary("Sub") };
}
