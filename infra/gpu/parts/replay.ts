import type { Engine } from "@reluctant/stages";
import { recordStep } from "@reluctant/tfjs-backend-torch";
import { sgdStep } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { batchOf, networkOf, onCuda, openExactEngine, rates } from "./networks.ts";
import { type Found, notRun } from "./part.ts";

const steps = 12;

type Inputs = { images: Float32Array; labels: Int32Array; at: number };

/** A replayed step leaves the bits that an eager one does, and a second run of a training the bits of the first. */
export async function replay(): Promise<Found> {
  const engine = await openExactEngine({ deterministic: true });
  const eager = await smallTraining(true);
  const replayed = await smallTraining(false);
  const equal = same(eager.weights, replayed.weights);
  const repeated = same(await training(engine), await training(engine));
  const graph = onCuda() ? replayed.whyNoGraph || "launched as a graph" : notRun;
  return { ok: equal && repeated && replayed.mode === "replay", equal, repeated, mode: replayed.mode, graph };
}

/** Two convolutions and a dense layer. Eager where each step is told something new, so that none is ever replayed. */
async function smallTraining(eager: boolean) {
  const noise = (shape: number[], seed: number) => tf.variable(tf.randomNormal(shape, 0, 0.3, "float32", seed));
  const params = [noise([3, 3, 3, 8], 1), noise([1, 1, 8, 16], 2), noise([16, 10], 3)];
  const momenta = params.map(({ shape }) => tf.variable(tf.zeros(shape), false));
  const step = recordStep<Inputs, "loss">(({ images, labels }) => {
    const [first, second, dense] = params as unknown as [tf.Tensor4D, tf.Tensor4D, tf.Tensor2D];
    const x = tf.reshape(images, [-1, 8, 8, 3]) as tf.Tensor4D;
    const { value, grads } = tf.variableGrads(() => {
      const y = tf.relu(tf.conv2d(tf.relu(tf.conv2d(x, first, 1, "same")), second, 2, "same"));
      const logProbabilities = tf.logSoftmax(tf.matMul(tf.mean<tf.Tensor2D>(y, [1, 2]), dense));
      return tf.neg(tf.mean(tf.mul(logProbabilities, tf.oneHot(labels, 10)))) as tf.Scalar;
    }, params);
    const ordered = params.map(({ name }) => grads[name] as tf.Tensor);
    sgdStep({ params, grads: ordered, momenta, lr: 0.1, ...rates });
    return { loss: value };
  });
  const images = Float32Array.from({ length: 16 * 192 }, (_, i) => Math.sin(i));
  const labels = Int32Array.from({ length: 16 }, (_, i) => i % 10);
  for (let at = 0; at < steps; at++) await step.run({ images, labels, at: eager ? at : 0 });
  const weights = (await Promise.all(params.map((p) => p.data<"float32">()))) as Float32Array[];
  const { mode } = step;
  const whyNoGraph = step.whyNoGraph();
  step.dispose();
  tf.dispose([...params, ...momenta]);
  return { weights, mode, whyNoGraph };
}

async function training(engine: Engine): Promise<Float32Array[]> {
  const student = networkOf(engine, "resnet8", 16);
  const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
  for (let step = 0; step < steps; step++) await trainer.step(batchOf(8, 16), 0.05);
  const weights = [...(await student.read()).values()].map(({ values }) => values as Float32Array);
  engine.release();
  return weights;
}

const same = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean =>
  a.length === b.length &&
  a.every((values, i) => Buffer.from(values.buffer).equals(Buffer.from((b[i] as Float32Array).buffer)));
