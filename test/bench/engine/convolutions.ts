/**
 * What bounds a training step: each convolution's operations a second beside the core's peak, and the bytes of all else
 * beside the memory's bandwidth. A convolution counts as many operations as its definition has, whatever computes it.
 */
import type { Precision } from "@reluctant/contracts";
import { createEngine } from "@reluctant/engine";
import { type Model, type ModelNode, models, type NodeOf, nodesOf, parameterCount, size, sum } from "@reluctant/relu";
import type { StageData } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import type { Figure } from "../rows.ts";
import type { Case } from "./cases.ts";
import { startOurs, threads, warmUp } from "./compare.ts";
import { bandwidth, peakOf, secondsOf } from "./machine.ts";
import { cpuSeconds, type Sample, timed } from "./samples.ts";

export async function boundsOf(measured: Case, data: StageData, rounds: number): Promise<Figure[]> {
  const { name, model: modelName, precision, batch } = measured;
  const model = models[modelName]?.build(data.inputShape, data.classes.length) as Model;
  const step = await secondsOfStep(measured, data, rounds);
  await createEngine({ backend: "torch", threads, precision });
  const limits = { peak: await peakOf(precision), bandwidth: await bandwidth() };
  const kernels: Kernel[] = [];
  for (const alike of distinct(model)) kernels.push(...(await kernelsOf(alike, batch)));
  const all = {
    what: "all convolutions",
    operations: sum(kernels.map(({ operations, count }) => count * operations)),
    seconds: sum(kernels.map(({ seconds, count }) => count * seconds)),
    count: 1,
  };
  const rest = { seconds: step - all.seconds, bytes: bytesOfRest(model, batch, bytesOf[precision]) };
  return [
    { case: `${name}, peak of a core`, value: limits.peak / 1e9, unit: "GFLOP/s" },
    { case: `${name}, bandwidth of memory`, value: limits.bandwidth / 1e9, unit: "GB/s" },
    { case: `${name}, step`, value: step * 1e3, unit: "ms" },
    ...[...kernels, all].map(({ what, operations, seconds, count }) => ({
      case: `${name}, ${what}`,
      value: operations / seconds / 1e9,
      unit: "GFLOP/s",
      shares: { "the peak": operations / seconds / limits.peak, "the step": (count * seconds) / step },
    })),
    {
      case: `${name}, all else, at least ${(rest.bytes / 1e6).toFixed(0)} MB`,
      value: rest.bytes / rest.seconds / 1e9,
      unit: "GB/s",
      shares: { "the bandwidth": rest.bytes / rest.seconds / limits.bandwidth, "the step": rest.seconds / step },
    },
  ];
}

/** Of an activation as it is stored. */
const bytesOf: Record<Precision, number> = { fp32: 4, bf16: 2 };

async function secondsOfStep(measured: Case, data: StageData, rounds: number): Promise<number> {
  const ours = await startOurs(measured, data);
  try {
    await ours.take(warmUp);
    const samples: Sample[] = [];
    while (samples.length < rounds) samples.push(await timed(() => ours.take(1)));
    return cpuSeconds(samples);
  } finally {
    await ours.stop();
  }
}

interface Alike {
  node: NodeOf<"conv">;
  count: number;
}

/** The convolutions of each shape, once. That of the image needs no gradient of it. */
function distinct(model: Model): Alike[] {
  const found = new Map<string, Alike>();
  for (const node of nodesOf(model, "conv")) {
    const alike = found.get(labelOf(node)) ?? { node, count: 0 };
    found.set(labelOf(node), { ...alike, count: alike.count + 1 });
  }
  return [...found.values()];
}

const labelOf = ({ shape: [height, , channels], kernel, stride, channelsIn }: NodeOf<"conv">): string =>
  `${kernel}×${kernel}${stride > 1 ? ` by ${stride}` : ""}, ${channelsIn} to ${channels} at ${height}²`;

interface Kernel {
  what: string;
  operations: number;
  seconds: number;
  /** How many of them a step runs. */
  count: number;
}

async function kernelsOf({ node, count }: Alike, batch: number): Promise<Kernel[]> {
  const { shape, kernel, stride, channelsIn, from } = node;
  const [height, width, channels] = shape;
  const x = mapOf([batch, height * stride, width * stride, channelsIn]);
  const dy = mapOf([batch, height, width, channels]);
  const filter = tf.randomNormal([kernel, kernel, channelsIn, channels], 0, 0.1, "float32", 1);
  const pad = kernel >> 1;
  const attributes = { strides: stride, dilations: 1, pad, dataFormat: "NHWC" };
  const run = (name: string, inputs: tf.NamedTensorMap, further: object = {}) =>
    secondsOf(() => tf.engine().runKernel(name, inputs, { ...attributes, ...further }));
  const taken = {
    forward: await run("Conv2D", { x, filter }),
    ...(from !== "input" && {
      "gradient of the data": await run("Conv2DBackpropInput", { dy, filter }, { inputShape: x.shape }),
    }),
    "gradient of the filter": await run("Conv2DBackpropFilter", { x, dy }, { filterShape: filter.shape }),
  };
  tf.dispose([x, dy, filter]);
  const operations = 2 * batch * kernel ** 2 * channelsIn * size(shape);
  return Object.entries(taken).map(([what, seconds]) => ({
    what: `${labelOf(node)}${count > 1 ? `, ${count} times` : ""}, ${what}`,
    operations,
    seconds,
    count,
  }));
}

/** Stored as a network's own activations are: a convolution gives it. */
const mapOf = ([batch, height, width, channels]: [number, number, number, number]): tf.Tensor4D =>
  tf.tidy(() => {
    const image = tf.randomNormal([batch, height, width, 1], 0, 1, "float32", 2) as tf.Tensor4D;
    return tf.conv2d(image, tf.randomNormal([1, 1, 1, channels], 0, 1, "float32", 3) as tf.Tensor4D, 1, "valid");
  });

/**
 * What the rest of a training step must read and write, each input once for each pass that it needs, each output once.
 * Batch norm with its ReLU: x twice and y, in backward dy and x twice and dx; a residual and the gradient that goes both
 * ways; the sum of the gradients of what several nodes read; SGD: gradient, weight and momentum read, the latter two written.
 */
function bytesOfRest(model: Model, batch: number, bytes: number): number {
  const readers = (name: string) => model.nodes.filter((node) => inputsOf(node).includes(name)).length;
  const maps = (node: ModelNode): number => {
    const sums = node.op === "input" ? 0 : 3 * Math.max(0, readers(node.name) - 1);
    if (node.op === "batch-norm") return sums + 8;
    return node.op === "add" ? sums + 4 : sums;
  };
  const activations = sum(model.nodes.map((node) => maps(node) * size(node.shape)));
  return bytes * batch * activations + 4 * 5 * parameterCount(model);
}

const inputsOf = (node: ModelNode): string[] => [
  ...("from" in node ? [node.from] : []),
  ...("with" in node ? [node.with] : []),
];
