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
    for (const [i, p] of (params as tf.Variable[]).entries()) {
      const v = momenta[i] as tf.Variable;
      v.assign(add(mul(v, kept), add(grads[i], mul(p, decay))));
      const moved = sub(p, mul(v, rate));
      p.assign(patternOf[i] < 0 ? moved : mul(moved, given[patternOf[i]]));
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
    const sizes = running.map(({ size }) => size);
    for (const [i, part] of tf.split(moved, sizes).entries()) running[i]?.assign(part);
    return [];
  },
  TrainingCommitSums: (_, __, { sums, pending, guard }) => {
    if (!isClosed(guard)) for (const [i, sum] of (sums as tf.Variable[]).entries()) sum.assign(tf.add(sum, pending[i]));
    return [];
  },
};

const isClosed = (guard: tf.Scalar | null): boolean => guard?.dataSync()[0] === 0;

/** As TensorFlow.js has it, without the third of a small operator's time that passes between `tf.add` and its kernel. */
function arithmetic(operators: Operators) {
  const binary = (name: string) => (a: tf.Tensor, b: tf.Tensor) =>
    operators.run(name, [a, b], { T: { type: "float32" } });
  return { add: binary("AddV2"), mul: binary("Mul"), sub: binary("Sub") };
}
