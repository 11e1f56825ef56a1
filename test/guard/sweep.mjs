/**
 * Computes cases FROM to TO, forward and both gradients: node sweep.mjs PRECISION THREADS FROM TO. Writes the number of
 * each case before it begins, so that the last line names the one that ended the process.
 */
import { writeSync } from "node:fs";
import { registerTorchBackend, setPrecision, setThreads } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { cases } from "./cases.mjs";

const [precision, ...numbers] = process.argv.slice(2);
const [threads, from, to] = numbers.map(Number);
await registerTorchBackend();
await tf.setBackend("torch");
setPrecision(precision);
setThreads(threads);

const ops = {
  conv2d: ({ strides, pad, dilation }, x, filter) => tf.conv2d(x, filter, strides, pad, "NHWC", dilation),
  depthwise: ({ strides, pad, dilation }, x, filter) => tf.depthwiseConv2d(x, filter, strides, pad, "NHWC", dilation),
  transposed: ({ input, strides, pad }, x, filter) =>
    tf.conv2dTranspose(x, filter, transposedShape(input, filter.shape, strides), strides, pad),
  conv3d: ({ strides, pad, dilation }, x, filter) => tf.conv3d(x, filter, strides, pad, "NDHWC", dilation),
  maxPool: ({ filter, strides, pad }, x) => tf.maxPool(x, filter, strides, pad),
  avgPool: ({ filter, strides, pad }, x) => tf.avgPool(x, filter, strides, pad),
};

cases()
  .slice(from, to)
  .forEach((each, i) => {
    writeSync(1, `${from + i}\n`);
    tf.tidy(() => compute(each));
  });

function compute(each) {
  const op = ops[each.op];
  const inputs = each.op.endsWith("Pool")
    ? [tf.randomNormal(each.input)]
    : [each.input, each.filter].map((s) => tf.randomNormal(s));
  const f = (...x) =>
    op(each, ...x)
      .square()
      .sum();
  // TensorFlow.js has no gradients of dilated windows.
  const { value, grads } = each.dilation > 1 ? { value: f(...inputs), grads: [] } : tf.valueAndGrads(f)(inputs);
  for (const t of [value, ...grads])
    if (!t.dataSync().every(Number.isFinite)) throw new Error(`not finite: ${JSON.stringify(each)}`);
}

/** "same" padding. */
function transposedShape([batch, ...rest], filterShape, strides) {
  return [batch, ...strides.map((stride, i) => rest[i] * stride), filterShape.at(-2)];
}
