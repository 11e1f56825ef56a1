/** What each kind of node computes, and what its gradient is. Values are [n, h, w, c], parameters in PyTorch's layouts. */
import { type NodeOf, type Shape, size } from "@reluctant/relu";

export type Numbers = Float64Array;

/** relu(z) + share · (q(z) − relu(z)), with a share for each unit. */
export interface ReferenceActivation {
  share: ArrayLike<number>;
  /** q, [3, c]; the identity where there are none. */
  coefficients?: ArrayLike<number>;
}

export interface Moments {
  mean: Numbers;
  /** Biased: divided by `count`. */
  variance: Numbers;
  count: number;
}

/** sums[at] += value */
export function add(sums: Numbers, at: number, value: number): void {
  sums[at] = (sums[at] as number) + value;
}

/** The gradient of that name, to be added to. */
export type GradientOf = (name: string, length: number) => Numbers;

export interface Computed {
  y: Numbers;
  /** Adds to the gradients of the node's inputs, and to those of its parameters, what it owes them. */
  back: (dy: Numbers, inputs: GradientOf, parameters: GradientOf) => void;
}

/** @param bias one number a channel, or none */
export function convolution(
  node: NodeOf<"conv">,
  x: Numbers,
  [rows, columns]: Shape,
  weight: Numbers,
  bias: Numbers,
): Computed {
  const { kernel, stride, channelsIn: inputs, name, from } = node;
  const [height, width, outputs] = node.shape;
  const batch = x.length / (rows * columns * inputs);
  /** Where a tap [inputs, outputs] of the filter meets an image: at x, y and the filter. */
  const taps = (visit: (xAt: number, yAt: number, wAt: number) => void) => {
    for (let n = 0; n < batch; n++)
      for (let yRow = 0; yRow < height; yRow++)
        for (let yColumn = 0; yColumn < width; yColumn++)
          for (let tap = 0; tap < kernel ** 2; tap++) {
            const row = yRow * stride + Math.floor(tap / kernel) - (kernel >> 1);
            const column = yColumn * stride + (tap % kernel) - (kernel >> 1);
            if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
            const yAt = ((n * height + yRow) * width + yColumn) * outputs;
            visit(((n * rows + row) * columns + column) * inputs, yAt, tap * inputs * outputs);
          }
  };
  const order = (k: number, c: number, tap: number) => (tap * inputs + c) * outputs + k;
  const filter = new Float64Array(weight.length);
  forFilter(node, (i, k, c, tap) => {
    filter[order(k, c, tap)] = weight[i] as number;
  });
  const y = new Float64Array(batch * size(node.shape));
  taps((xAt, yAt, wAt) => {
    for (let c = 0; c < inputs; c++) {
      const value = x[xAt + c] as number;
      for (let k = 0, w = wAt + c * outputs; k < outputs; k++) add(y, yAt + k, value * (filter[w + k] as number));
    }
  });
  if (bias.length > 0)
    y.forEach((_, i) => {
      add(y, i, bias[i % outputs] as number);
    });
  const back: Computed["back"] = (dy, gradientOf, parameters) => {
    const dx = gradientOf(from, x.length);
    const dFilter = new Float64Array(filter.length);
    taps((xAt, yAt, wAt) => {
      for (let c = 0; c < inputs; c++) {
        const value = x[xAt + c] as number;
        let slope = 0;
        for (let k = 0, w = wAt + c * outputs; k < outputs; k++) {
          const d = dy[yAt + k] as number;
          add(dFilter, w + k, value * d);
          slope += d * (filter[w + k] as number);
        }
        add(dx, xAt + c, slope);
      }
    });
    const dWeight = parameters(`${name}.weight`, weight.length);
    forFilter(node, (i, k, c, tap) => {
      add(dWeight, i, dFilter[order(k, c, tap)] as number);
    });
    if (bias.length === 0) return;
    const dBias = parameters(`${name}.bias`, outputs);
    dy.forEach((d, i) => {
      add(dBias, i % outputs, d);
    });
  };
  return { y, back };
}

/** Every place of a filter [outputs, inputs, kernel, kernel]. */
function forFilter(node: NodeOf<"conv">, visit: (i: number, k: number, c: number, tap: number) => void): void {
  const taps = node.kernel ** 2;
  for (let k = 0, i = 0; k < node.shape[2]; k++)
    for (let c = 0; c < node.channelsIn; c++) for (let tap = 0; tap < taps; tap++, i++) visit(i, k, c, tap);
}

export function momentsOf(x: Numbers, channels: number): Moments {
  const count = x.length / channels;
  const meanOf = (value: (i: number, channel: number) => number) => {
    const means = new Float64Array(channels);
    for (let i = 0; i < x.length; i++) add(means, i % channels, value(i, i % channels) / count);
    return means;
  };
  const mean = meanOf((i) => x[i] as number);
  return { mean, variance: meanOf((i, c) => ((x[i] as number) - (mean[c] as number)) ** 2), count };
}

export function batchNorm(
  { name, from, shape }: NodeOf<"batch-norm">,
  x: Numbers,
  { mean, variance, count }: Moments,
  { gamma, beta }: { gamma: Numbers; beta: Numbers },
): Computed {
  const channels = shape[2];
  const rate = variance.map((value) => 1 / Math.sqrt(value + 1e-5));
  const normalized = x.map((value, i) => (value - (mean[i % channels] as number)) * (rate[i % channels] as number));
  const y = normalized.map((value, i) => value * (gamma[i % channels] as number) + (beta[i % channels] as number));
  const back: Computed["back"] = (dy, inputs, parameters) => {
    const [dGamma, dBeta] = [parameters(`${name}.weight`, channels), parameters(`${name}.bias`, channels)];
    dy.forEach((d, i) => {
      add(dGamma, i % channels, d * (normalized[i] as number));
      add(dBeta, i % channels, d);
    });
    const dx = inputs(from, x.length);
    dy.forEach((d, i) => {
      const c = i % channels;
      const common = ((dBeta[c] as number) + (normalized[i] as number) * (dGamma[c] as number)) / count;
      add(dx, i, (gamma[c] as number) * (rate[c] as number) * (d - common));
    });
  };
  return { y, back };
}

export function relu(
  { name, from, shape }: NodeOf<"relu">,
  z: Numbers,
  activation: ReferenceActivation | null,
): Computed {
  const [units, channels] = [size(shape), shape[2]];
  const share = (i: number) => activation?.share[i % units] ?? 0;
  const { coefficients } = activation ?? {};
  const c = (order: number, i: number) => coefficients?.[order * channels + (i % channels)] ?? (order === 1 ? 1 : 0);
  const q = (v: number, i: number) => c(0, i) + c(1, i) * v + c(2, i) * v * v;
  const slopeOfQ = (v: number, i: number) => c(1, i) + 2 * c(2, i) * v;
  const y = z.map((v, i) => Math.max(v, 0) + share(i) * (q(v, i) - Math.max(v, 0)));
  const back: Computed["back"] = (dy, inputs, parameters) => {
    const [dz, dShare] = [inputs(from, z.length), parameters(`share.${name}`, units)];
    z.forEach((v, i) => {
      const [d, open] = [dy[i] as number, v > 0 ? 1 : 0];
      add(dz, i, d * (open + share(i) * (slopeOfQ(v, i) - open)));
      add(dShare, i % units, d * (q(v, i) - Math.max(v, 0)));
    });
  };
  return { y, back };
}

export function sum(node: NodeOf<"add">, a: Numbers, b: Numbers): Computed {
  const back: Computed["back"] = (dy, inputs) => {
    for (const name of [node.from, node.with]) {
      const dx = inputs(name, dy.length);
      dy.forEach((d, i) => {
        add(dx, i, d);
      });
    }
  };
  return { y: a.map((value, i) => value + (b[i] as number)), back };
}

export function maxPool(node: NodeOf<"max-pool">, x: Numbers, [rows, columns, channels]: Shape): Computed {
  const { kernel, stride, padding, from } = node;
  const [height, width] = node.shape;
  const y = new Float64Array((x.length / (rows * columns * channels)) * size(node.shape)).fill(
    Number.NEGATIVE_INFINITY,
  );
  const source = new Int32Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const [c, place] = [i % channels, Math.floor(i / channels)];
    const [yColumn, yRow, n] = [place % width, Math.floor(place / width) % height, Math.floor(place / width / height)];
    for (let tap = 0; tap < kernel ** 2; tap++) {
      const row = yRow * stride + Math.floor(tap / kernel) - padding;
      const column = yColumn * stride + (tap % kernel) - padding;
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      const at = ((n * rows + row) * columns + column) * channels + c;
      if ((x[at] as number) > (y[i] as number)) {
        y[i] = x[at] as number;
        source[i] = at;
      }
    }
  }
  const back: Computed["back"] = (dy, inputs) => {
    const dx = inputs(from, x.length);
    dy.forEach((d, i) => {
      add(dx, source[i] as number, d);
    });
  };
  return { y, back };
}

export function padChannels(node: NodeOf<"pad-channels">, x: Numbers, [, , channels]: Shape): Computed {
  const { from, before, shape } = node;
  const at = (i: number) => Math.floor(i / channels) * shape[2] + before + (i % channels);
  const y = new Float64Array((x.length / channels) * shape[2]);
  x.forEach((value, i) => {
    y[at(i)] = value;
  });
  const back: Computed["back"] = (dy, inputs) => {
    const dx = inputs(from, x.length);
    for (let i = 0; i < x.length; i++) add(dx, i, dy[at(i)] as number);
  };
  return { y, back };
}

export function average(node: NodeOf<"global-average-pool">, x: Numbers, shape: Shape): Computed {
  const [height, width, channels] = shape;
  const at = (i: number) => Math.floor(i / size(shape)) * channels + (i % channels);
  const y = new Float64Array(x.length / (height * width));
  x.forEach((value, i) => {
    add(y, at(i), value / (height * width));
  });
  const back: Computed["back"] = (dy, inputs) => {
    const dx = inputs(node.from, x.length);
    for (let i = 0; i < dx.length; i++) add(dx, i, (dy[at(i)] as number) / (height * width));
  };
  return { y, back };
}

export function dense(
  { name, from, features, shape }: NodeOf<"dense">,
  x: Numbers,
  weight: Numbers,
  bias: Numbers,
): Computed {
  const classes = shape[2];
  const y = new Float64Array((x.length / features) * classes);
  const forEach = (visit: (yAt: number, xAt: number, wAt: number) => void) => {
    for (let yAt = 0; yAt < y.length; yAt++)
      for (let feature = 0; feature < features; feature++)
        visit(yAt, Math.floor(yAt / classes) * features + feature, (yAt % classes) * features + feature);
  };
  forEach((yAt, xAt, wAt) => {
    add(y, yAt, (x[xAt] as number) * (weight[wAt] as number));
  });
  y.forEach((_, i) => {
    add(y, i, bias[i % classes] as number);
  });
  const back: Computed["back"] = (dy, inputs, parameters) => {
    const dx = inputs(from, x.length);
    const [dWeight, dBias] = [parameters(`${name}.weight`, weight.length), parameters(`${name}.bias`, classes)];
    forEach((yAt, xAt, wAt) => {
      add(dx, xAt, (dy[yAt] as number) * (weight[wAt] as number));
      add(dWeight, wAt, (dy[yAt] as number) * (x[xAt] as number));
    });
    dy.forEach((d, i) => {
      add(dBias, i % classes, d);
    });
  };
  return { y, back };
}
