/** Arguments that make no sense, or only sometimes. */

/** A function that gives numbers from 0 to 1 which depend on the seed alone (mulberry32). */
export function generator(seed) {
  let state = [...seed].reduce((hash, c) => (Math.imul(hash, 31) + c.charCodeAt(0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = (random, list) => list[Math.floor(random() * list.length)];

/** Far more than any memory holds: must be refused before it is allocated. */
const huge = 2 ** 45;

export const numbers = [0, 1, 2, 3, -1, -2, 7, 0.5, Number.NaN, Number.POSITIVE_INFINITY, huge, 2 ** 60];
export const shapes = [
  ...[[], [0], [2], [4], [2, 2], [3, 3], [1, 4, 4, 2], [2, 3, 3, 2], [3, 3, 2, 2]],
  ...[[1, 3, 3, 3, 1], [2, 2, 2, 1, 1], [huge], [huge, huge], [-1], [2, Number.NaN]],
];
export const sizes = [
  1,
  2,
  3,
  0,
  -1,
  [1, 1],
  [2, 2],
  [0, 0],
  [3, 1],
  [-1, -1],
  [1, 1, 1],
  [2, 2, 2],
  huge,
  [huge, huge],
];
const lists = [[], [0], [1], [-1], [9], [0, 1], [1, 0], [1, 1], [-1, -1], [1, 2, 3], [2, 1, 0], [0, 3, 1, 2], [huge]];
const axes = [0, 1, -1, 2, 3, 9, -9, [0], [1], [0, 1], [], [0, 0], [7], undefined, null];
const pairs = [
  [
    [0, 0],
    [1, 1],
    [1, 2],
    [0, 0],
  ],
  [
    [0, 0],
    [-1, -1],
  ],
  [
    [5, 5],
    [5, 5],
    [5, 5],
    [5, 5],
  ],
  [[huge, huge]],
];
const words = ["same", "valid", "NHWC", "NCHW", "relu", "prelu", "float32", "int32", "string", "complex64", "floor"];
const more = ["ij,jk->ik", "ij->ji", "i->", "left", "reflect", "symmetric", "bilinear", "", "nonsense"];
export const junk = [...numbers, ...lists, ...shapes, ...pairs, ...words, ...more, true, false, null, undefined, {}];

/** By the name of an attribute: values of the right kind, so that calls come as far as libtorch. */
export const plausible = {
  strides: sizes,
  filterSize: sizes,
  dilations: sizes,
  blockShape: lists,
  pad: ["same", "valid", 0, 1, -1, 9, huge, ...pairs],
  inputShape: shapes,
  filterShape: shapes,
  shape: [...shapes, ...lists],
  outputShape: shapes,
  axis: axes,
  dim: axes,
  dims: axes,
  reductionIndices: axes,
  perm: lists,
  begin: lists,
  end: lists,
  size: [...lists, ...numbers],
  reps: lists,
  paddings: pairs,
  crops: pairs,
  numSegments: numbers,
  depth: numbers,
  k: numbers,
  num: numbers,
  blockSize: numbers,
  depthRadius: numbers,
  numOrSizeSplits: [...numbers, ...lists],
};
