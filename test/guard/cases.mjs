/**
 * What the sweep computes under guarded memory: convolutions and pools of small and odd shapes, with their gradients. Small
 * channels and sizes are where generated code rounds up to whole registers.
 *
 * @typedef {object} Case
 * @property {"conv2d" | "depthwise" | "transposed" | "conv3d" | "maxPool" | "avgPool"} op
 * @property {number[]} input the batch, the extents, and the channels
 * @property {number[]} filter as TensorFlow.js has it; of a pool the extents of its window
 * @property {number[]} strides
 * @property {number} dilation
 * @property {"same" | "valid" | number} pad
 */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const product = (...lists) =>
  lists.reduce((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);

const kernels = [1, 3, 5, 7];
const strides = [1, 2, 3];
const plane = (kernel) => [kernel, kernel];
const volume = (kernel) => [kernel, kernel, kernel];
/** TensorFlow.js has no windows that both skip and dilate. */
const dilations = (stride) => (stride === 1 ? [1, 2] : [1]);

function* planes() {
  for (const [kernel, stride, channels, out] of product(kernels, strides, range(1, 17), [1, 3, 8, 17])) {
    for (const dilation of dilations(stride)) {
      const shape = { filter: [...plane(kernel), channels, out], strides: plane(stride), dilation };
      yield { op: "conv2d", input: [2, 9, 9, channels], ...shape, pad: "same" };
      yield { op: "conv2d", input: [3, 8, 16, channels], ...shape, pad: kernel >> 1 };
    }
  }
  for (const [kernel, stride, channels] of product(kernels, strides, range(1, 17))) {
    const shape = { filter: [...plane(kernel), channels, 8], strides: plane(stride), dilation: 1 };
    yield { op: "conv2d", input: [1, 4, 5, channels], ...shape, pad: "same" };
    yield { op: "conv2d", input: [1, kernel, kernel, channels], ...shape, pad: "valid" };
  }
  for (const [filter, by, channels] of product(
    [
      [1, 3],
      [3, 1],
      [1, 1],
    ],
    [
      [1, 2],
      [2, 1],
      [3, 2],
    ],
    range(1, 9),
  ))
    yield {
      op: "conv2d",
      input: [2, 7, 9, channels],
      filter: [...filter, channels, 4],
      strides: by,
      dilation: 1,
      pad: "same",
    };
}

/** Shortcuts of residual networks: enough pixels for several of oneDNN's blocks and threads. */
function* shortcuts() {
  const channels = [...range(1, 20), 23, 24, 28, 31, 32, 33, 40, 48, 63, 64];
  const inputs = [
    [5, 8, 16],
    [2, 32, 32],
    [3, 15, 13],
  ];
  for (const [stride, [batch, ...extents], ins, out] of product([2, 3], inputs, channels, [8, 40]))
    yield {
      op: "conv2d",
      input: [batch, ...extents, ins],
      filter: [1, 1, ins, out],
      strides: plane(stride),
      dilation: 1,
      pad: 0,
    };
}

/** Tiles of two by two results at every edge, and more of them than are taken at a time. */
function* tiled() {
  const inputs = [
    [4, 9, 9],
    [256, 1, 1],
    [9, 8, 15],
  ];
  for (const [[batch, ...extents], ins, out, pad] of product(inputs, [32, 48, 96], [32, 80], [1, 2]))
    yield {
      op: "conv2d",
      input: [batch, ...extents, ins],
      filter: [...plane(3), ins, out],
      strides: plane(1),
      dilation: 1,
      pad,
    };
}

function* depthwise() {
  for (const [kernel, stride, channels, multiplier] of product(kernels, strides, range(1, 17), [1, 2, 3])) {
    for (const dilation of dilations(stride)) {
      const filter = [...plane(kernel), channels, multiplier];
      yield { op: "depthwise", input: [2, 9, 8, channels], filter, strides: plane(stride), dilation, pad: "same" };
    }
  }
}

/** Of a transposed convolution the filter's channels are those of its output, then those of its input. */
function* transposed() {
  for (const [kernel, stride, channels, out] of product(kernels, strides, range(1, 17), [1, 5, 8]))
    yield {
      op: "transposed",
      input: [2, 5, 4, channels],
      filter: [...plane(kernel), out, channels],
      strides: plane(stride),
      dilation: 1,
      pad: "same",
    };
}

function* volumes() {
  for (const [kernel, stride, channels, out] of product([1, 3], strides, range(1, 17), [1, 8, 17]))
    for (const dilation of dilations(stride))
      yield {
        op: "conv3d",
        input: [2, 5, 4, 6, channels],
        filter: [...volume(kernel), channels, out],
        strides: volume(stride),
        dilation,
        pad: "same",
      };
}

function* pools() {
  for (const [op, window, stride, channels] of product(["maxPool", "avgPool"], [1, 2, 3, 7], strides, range(1, 17)))
    yield { op, input: [2, 9, 8, channels], filter: plane(window), strides: plane(stride), dilation: 1, pad: "same" };
}

/** @returns {Case[]} always the same, in the same order */
export const cases = () => [
  ...planes(),
  ...shortcuts(),
  ...tiled(),
  ...depthwise(),
  ...transposed(),
  ...volumes(),
  ...pools(),
];
