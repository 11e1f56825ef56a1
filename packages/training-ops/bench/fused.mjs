// Each fused kernel beside a copy of its activations and beside what it replaces (ATen operators, or its composed twin),
// interleaved. GB/s counts the bytes that the operation must move: each input read once for each pass that it needs,
// each output written once; "replaced" is the same bytes over the other form's time. Times are CPU time, which a busy
// machine disturbs least.
//   node bench/fused.mjs [--rounds 15] [--threads 1] [--shape 128,32,32,64] [--only batch]
import { parseArgs } from "node:util";
import { registerTorchBackend, setThreads, torchInfo } from "@reluctant/tfjs-backend-torch";
import { Torch, view } from "@reluctant/tfjs-backend-torch/extension";
import * as tf from "@tensorflow/tfjs";
import * as ops from "../dist/index.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    threads: { type: "string", default: "1" },
    shape: { type: "string", default: "128,32,32,64" }, // a ResNet-18's first group: 34 MB, which no cache holds
    only: { type: "string", default: "" },
  },
});
await registerTorchBackend({ extensions: [ops.trainingOps] });
await tf.setBackend("torch");
setThreads(Number(values.threads));

const aten = new Torch(tf.backend());
const operator = (name, inputViews) => ({
  name: `aten::${name}`,
  overload: "",
  inputViews,
  resultViews: [view.nhwc],
  written: [],
});
const native = operator("native_batch_norm", [view.nhwc]);
const nativeBackward = operator("native_batch_norm_backward", [view.nhwc, view.nhwc]);

const shape = values.shape.split(",").map(Number);
const channels = shape[3];
const normal = (size, seed) => tf.randomNormal(size, 0, 1, "float32", seed);
const [x, dy, other] = [1, 2, 3].map((seed) => normal(shape, seed));
const [gamma, beta, mean] = [4, 5, 6].map((seed) => normal([channels], seed));
const variance = tf.add(tf.abs(normal([channels], 7)), 1);
const mask = tf.cast(tf.greater(normal(shape.slice(1), 8), 0), "float32");
const lower = tf.log(mask);
const y = ops.maskedRelu(x, mask);
const params = [...Array(20)].map((_, i) => tf.variable(normal([3, 3, 128, 128], i)));
const momenta = params.map((p) => tf.variable(tf.zerosLike(p)));
const grads = params.map((_, i) => normal([3, 3, 128, 128], 50 + i));
const lr = tf.scalar(1e-3);
const sums = tf.variable(tf.zeros(shape.slice(1)));
const logits = normal([512, 1000], 9);
const teacherLogits = normal([512, 1000], 10);
const labels = tf.tensor1d(Int32Array.from({ length: 512 }, (_, i) => i % 1000));
const pixelShape = [512, 64, 64, 3];
const bytes = Uint8Array.from({ length: tf.util.sizeFromShape(pixelShape) }, (_, i) => i * 7);
const pixels = ops.pixelTensor(bytes, pixelShape);
const words = tf.tensor4d(Int32Array.from(bytes), pixelShape, "int32");
const offsets = tf.tensor2d(
  Array.from({ length: 512 }, (_, i) => [(i % 9) - 4, (i % 7) - 3, i % 2]),
  [512, 3],
  "int32",
);
const normalization = { mean: [0.49, 0.48, 0.45], std: [0.2, 0.2, 0.2] };
const scores = normal([1 << 20], 11);

const map = x.size * 4;
const weights = params.reduce((total, p) => total + p.size * 4, 0);
const own = (name, ...operands) => aten.callMany(3, `training_ops::${name}`, ...operands);
const statistics = [mean, variance];

/** [name, bytes that it must move, the kernel, what it replaces] */
const cases = [
  [
    "batch norm, training",
    3 * map,
    () => own("batch_norm", x, gamma, beta, 1e-5),
    () => aten.callMany(3, native, x, gamma, beta, null, null, true, 0.1, 1e-5),
  ],
  [
    "batch norm + masked ReLU",
    3 * map,
    () => own("batch_norm_relu", x, gamma, beta, mask, 1e-5),
    () => {
      const [z] = aten.callMany(3, native, x, gamma, beta, null, null, true, 0.1, 1e-5);
      aten.call("clamp_min.Tensor", z, lower);
    },
  ],
  [
    "batch norm + add + masked ReLU",
    4 * map,
    () => own("batch_norm_add_relu", x, gamma, beta, other, mask, 1e-5),
    () => {
      const [z] = aten.callMany(3, native, x, gamma, beta, null, null, true, 0.1, 1e-5);
      aten.run("clamp_min_.Tensor", aten.call("add.Tensor", z, other), lower);
    },
  ],
  [
    "batch norm, backward",
    5 * map,
    () => own("batch_norm_backward", dy, x, gamma, beta, ...statistics, 1e-5),
    () => aten.callMany(3, nativeBackward, dy, x, gamma, null, null, mean, variance, true, 1e-5, [true, true, true]),
  ],
  [
    "batch norm + masked ReLU, backward",
    5 * map,
    () => own("batch_norm_relu_backward", dy, x, gamma, beta, ...statistics, mask, 1e-5),
    () => {
      const dz = aten.call("where.ScalarOther", aten.call("gt.Tensor", y, lower), dy, 0);
      aten.callMany(3, nativeBackward, dz, x, gamma, null, null, mean, variance, true, 1e-5, [true, true, true]);
    },
  ],
  [
    "scale, shift, masked ReLU",
    2 * map,
    () => ops.affineMaskedRelu({ x, scale: gamma, shift: beta, mask }),
    () => ops.affineMaskedReluComposed({ x, scale: gamma, shift: beta, mask }),
  ],
  ["masked ReLU", 2 * map, () => ops.maskedRelu(x, mask), () => aten.call("clamp_min.Tensor", x, lower)],
  ["ReLU", 2 * map, () => ops.maskedRelu(x, null), () => aten.call("relu", x)],
  [
    "add + masked ReLU",
    3 * map,
    () => ops.addMaskedRelu(x, other, mask),
    () => aten.run("clamp_min_.Tensor", aten.call("add.Tensor", x, other), lower),
  ],
  [
    "masked ReLU, backward",
    3 * map,
    () => aten.call("training_ops::masked_relu_backward", dy, y, mask),
    () => aten.call("where.ScalarOther", aten.call("gt.Tensor", y, lower), dy, 0),
  ],
  [
    "sum of |a − b|",
    2 * map,
    () => ops.absDiffSum(x, other),
    () => {
      const difference = aten.call("sub.Tensor", x, other);
      aten.run("abs_", difference);
      aten.call("sum.dim_IntList", difference, [0], false);
    },
  ],
  [
    "sum of max(−z, 0)",
    map,
    () => ops.negPartSum(x),
    () => aten.call("sum.dim_IntList", aten.call("clamp_max", x, 0), [0], false),
  ],
  [
    "commit of sums",
    (3 * map) / shape[0],
    () => ops.commitSums({ sums: [sums], pending: [mask], guard: lr }),
    () => ops.commitSumsComposed({ sums: [sums], pending: [mask], guard: lr }),
  ],
  [
    "SGD, 20 filters",
    5 * weights,
    () => ops.sgdStep({ params, grads, momenta, lr, momentum: 0.9, weightDecay: 5e-4 }),
    () => {
      for (const [i, p] of params.entries()) {
        const step = aten.call("add.Tensor", grads[i], p, 5e-4);
        aten.run("mul_.Scalar", momenta[i], 0.9);
        aten.run("add_.Tensor", momenta[i], step, 1);
        aten.run("add_.Tensor", p, momenta[i], -1e-3);
      }
    },
  ],
  ["all finite, 20 filters", weights, () => ops.allFinite(grads), () => ops.allFiniteComposed(grads)],
  [
    "cross-entropy, 512 × 1000",
    2 * logits.size * 4,
    () => ops.softmaxCrossEntropy(logits, labels),
    () => ops.softmaxCrossEntropyComposed(logits, labels),
  ],
  [
    "divergence, 512 × 1000",
    3 * logits.size * 4,
    () => ops.klDivergence(teacherLogits, logits, 4),
    () => ops.klDivergenceComposed(teacherLogits, logits, 4),
  ],
  ["PRAM, attention", 2 * map, () => ops.attentionMismatch(x, other), () => ops.attentionMismatchComposed(x, other)],
  [
    "PRAM, attention, with gradient",
    4 * map,
    () => tf.grad((t) => ops.attentionMismatch(x, t))(other),
    () => tf.grad((t) => ops.attentionMismatchComposed(x, t))(other),
  ],
  ["PRAM, raw", 4 * map, () => ops.rawMismatch(x, other), () => ops.rawMismatchComposed(x, other)],
  [
    "PRAM, raw, with gradient",
    7 * map,
    () => tf.grad((t) => ops.rawMismatch(x, t))(other),
    () => tf.grad((t) => ops.rawMismatchComposed(x, t))(other),
  ],
  [
    "augmentation, bytes to floats",
    5 * bytes.length,
    () => ops.augment(pixels, offsets, normalization),
    () => ops.augmentComposed(words, offsets, normalization),
  ],
  ["top half of 2^20", 8 * scores.size, () => ops.topMask(scores, 1 << 19), () => ops.topMaskComposed(scores, 1 << 19)],
];

/** CPU seconds of one run, its temporaries freed afterwards. */
function measure(run) {
  const before = process.cpuUsage();
  tf.tidy(() => aten.scope(() => void run()));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const copy = () => aten.call("clone", x);
const rows = [];
console.log(
  `libtorch ${torchInfo().version}, ${values.threads} threads, median of ${values.rounds} interleaved rounds`,
);
console.log(["operation".padEnd(36), "GB/s", "copy", "replaced", "times as fast"].join("  "));
for (const [name, moved, fused, replaced] of cases.filter(([label]) => label.includes(values.only))) {
  const times = [fused, copy, replaced].map((run) => ({ run, all: [measure(run)].slice(1) }));
  for (let round = 0; round < Number(values.rounds); round++) for (const { run, all } of times) all.push(measure(run));
  const [a, b, c] = times.map(({ all }) => median(all));
  const row = {
    case: name,
    gbps: +(moved / a / 1e9).toFixed(2),
    copy: +((2 * map) / b / 1e9).toFixed(2),
    replaced: +(moved / c / 1e9).toFixed(2),
    ratio: +(c / a).toFixed(2),
  };
  rows.push(row);
  console.log(
    [name.padEnd(36), row.gbps, row.copy, row.replaced, row.ratio].map((v) => String(v).padStart(5)).join("  "),
  );
}
console.log(JSON.stringify({ bench: "fused", rows }));
