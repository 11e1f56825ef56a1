/**
 * Recorded steps that are misused: what they read or write is disposed of, replaced, shared or of another shape between
 * two runs. A run may reject; it may neither crash nor write into memory that is no longer the variable's.
 */
import { pick } from "./odd-values.mjs";

const sizes = [0, 1, 4, 4, 4, 7];
const kinds = [Float32Array, Float32Array, Float32Array, Int32Array, Uint8Array];

/** What happens to the variables between two runs. */
const mishaps = [
  () => {},
  () => {},
  ({ v }) => v.dispose(),
  ({ tf, v }) => v.assign(tf.fill(v.shape, 2)),
  ({ tf, v, kept }) => kept.push(tf.clone(v)),
  ({ tf, v, kept }) => kept.push(tf.reshape(v, [-1, 1])),
  ({ constant }) => constant.dispose(),
  ({ torch }) => torch.setAsync(false),
  ({ torch }) => torch.setAsync(true),
  ({ step }) => step.dispose(),
];

const bodies = [
  ({ tf, ops }, { v, constant }, { a }) => {
    ops.sgdStep({ params: [v], grads: [tf.mul(a, constant)], momenta: [v], lr: 0.1, momentum: 0.9, weightDecay: 0 });
    return { y: tf.sum(v) };
  },
  ({ tf }, { v, constant }, { a }) => {
    v.assign(tf.add(tf.mul(v, 0.9), tf.mul(a, constant)));
    return { y: v, z: a };
  },
  ({ tf }, { v }, { a }) => {
    const former = tf.clone(v);
    v.assign(tf.reshape(tf.reverse(tf.add(v, a)), v.shape));
    return { y: former };
  },
  ({ tf, ops }, { v, constant }, { a }) => {
    ops.commitSums({ sums: [v], pending: [ops.absDiffSum(tf.stack([a, constant]), tf.stack([v, v]))] });
    return { y: v, z: ops.allFinite([v, a]) };
  },
];

/** @returns how many runs were made */
export async function runOddSteps({ tf, torch, ops }, random) {
  const kept = [];
  const v = tf.variable(tf.ones([4]));
  const constant = tf.fill([4], 0.5);
  const body = pick(random, bodies);
  const step = torch.recordStep((inputs) => body({ tf, ops }, { v, constant }, inputs));
  const pending = [];
  const runs = 8;
  for (let run = 0; run < runs; run++) {
    const usual = run < 3 || random() < 0.5;
    const a = usual ? new Float32Array(4).fill(run) : new (pick(random, kinds))(pick(random, sizes));
    pending.push(step.run({ a }).catch(onlyErrors));
    if (random() < 0.7) await pending.at(-1);
    if (run > 1) attempt(() => pick(random, mishaps)({ tf, torch, v, constant, kept, step }));
  }
  await Promise.all(pending);
  for (const x of kept) if (!x.isDisposed) x.dataSync();
  step.dispose();
  tf.dispose([...kept, v, constant]);
  return runs;
}

function attempt(f) {
  try {
    f();
  } catch (error) {
    onlyErrors(error);
  }
}

function onlyErrors(error) {
  if (!(error instanceof Error)) throw error;
}
