/**
 * What a model means, in float64 and without a tensor library: the oracle of the engine's tests. Values are [n, h, w, c],
 * parameters in PyTorch's layouts.
 */
import { inputShape, type Model, type ModelNode, type NodeOf, type Shape, size } from "@reluctant/relu";
import type { Tensors } from "@reluctant/stages";

export type Numbers = Float64Array;

/** relu(z) + share · (q(z) − relu(z)), with a share for each unit. */
export interface ReferenceActivation {
  share: ArrayLike<number>;
  /** q, [3, c]; the identity where there are none. */
  coefficients?: ArrayLike<number>;
}

export interface ReferenceInput {
  model: Model;
  weights: Tensors;
  x: Numbers;
  /** Batch norms by their batch, or by their running statistics. */
  mode: "train" | "evaluate";
  /** What a ReLU layer computes, which may depend on what enters it. Default: ReLU. */
  activation?: (layer: NodeOf<"relu">, entering: Numbers) => ReferenceActivation | null;
}

export interface Moments {
  mean: Numbers;
  /** Biased: divided by `count`. */
  variance: Numbers;
  count: number;
}

export interface ReferencePass {
  batch: number;
  logits: Numbers;
  /** By node. */
  outputs: ReadonlyMap<string, Numbers>;
  /** Of every batch norm's batch. */
  moments: ReadonlyMap<string, Moments>;
  /**
   * By parameter, of a loss with these slopes in nodes' outputs; `share.<layer>` is that of a layer's shares. In training.
   */
  gradients(slopes: ReadonlyMap<string, Numbers>): Map<string, Numbers>;
}

/** sums[at] += value */
export function add(sums: Numbers, at: number, value: number): void {
  sums[at] = (sums[at] as number) + value;
}

/** The gradient of that name, to be added to. */
type GradientOf = (name: string, length: number) => Numbers;

interface Computed {
  y: Numbers;
  /** Adds to the gradients of the node's inputs, and to those of its parameters, what it owes them. */
  back: (dy: Numbers, inputs: GradientOf, parameters: GradientOf) => void;
}

export function referencePass({ model, weights, x, mode, activation }: ReferenceInput): ReferencePass {
  const batch = x.length / size(inputShape(model));
  const outputs = new Map<string, Numbers>();
  const moments = new Map<string, Moments>();
  const tape: { node: ModelNode; back: Computed["back"] }[] = [];
  const of = (name: string) => outputs.get(name) as Numbers;
  const shapeOf = (name: string) => (model.nodes.find((node) => node.name === name) as ModelNode).shape;
  const part = (node: ModelNode, name: string) => Float64Array.from(weights.get(`${node.name}.${name}`)?.values ?? []);

  const compute = (node: ModelNode): Computed => {
    switch (node.op) {
      case "input":
        return { y: x, back() {} };
      case "conv":
        return convolution(node, of(node.from), shapeOf(node.from), part(node, "weight"));
      case "batch-norm": {
        const found = momentsOf(of(node.from), node.shape[2]);
        moments.set(node.name, found);
        const running = { mean: part(node, "running_mean"), variance: part(node, "running_var") };
        const by = mode === "train" ? found : { ...running, count: 0 };
        return batchNorm(node, of(node.from), by, { gamma: part(node, "weight"), beta: part(node, "bias") });
      }
      case "relu":
        return relu(node, of(node.from), activation?.(node, of(node.from)) ?? null);
      case "add":
        return sum(node, of(node.from), of(node.with));
      case "max-pool":
        return maxPool(node, of(node.from), shapeOf(node.from));
      case "global-average-pool":
        return average(node, of(node.from), shapeOf(node.from));
      case "dense":
        return dense(node, of(node.from), part(node, "weight"), part(node, "bias"));
    }
  };
  for (const node of model.nodes) {
    const { y, back } = compute(node);
    outputs.set(node.name, y);
    tape.push({ node, back });
  }
  const gradients: ReferencePass["gradients"] = (slopes) => {
    const ofOutputs = new Map([...slopes].map(([name, values]) => [name, values.slice()]));
    const ofParameters = new Map<string, Numbers>();
    for (const { node, back } of tape.toReversed()) {
      const dy = ofOutputs.get(node.name);
      if (dy) back(dy, gradientsIn(ofOutputs), gradientsIn(ofParameters));
    }
    return ofParameters;
  };
  return { batch, logits: of(model.nodes.at(-1)?.name ?? ""), outputs, moments, gradients };
}

const gradientsIn =
  (gradients: Map<string, Numbers>): GradientOf =>
  (name, length) => {
    const found = gradients.get(name) ?? new Float64Array(length);
    gradients.set(name, found);
    return found;
  };

function convolution(node: NodeOf<"conv">, x: Numbers, [rows, columns]: Shape, weight: Numbers): Computed {
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
  };
  return { y, back };
}

/** Every place of a filter [outputs, inputs, kernel, kernel]. */
function forFilter(node: NodeOf<"conv">, visit: (i: number, k: number, c: number, tap: number) => void): void {
  const taps = node.kernel ** 2;
  for (let k = 0, i = 0; k < node.shape[2]; k++)
    for (let c = 0; c < node.channelsIn; c++) for (let tap = 0; tap < taps; tap++, i++) visit(i, k, c, tap);
}

function momentsOf(x: Numbers, channels: number): Moments {
  const count = x.length / channels;
  const meanOf = (value: (i: number, channel: number) => number) => {
    const means = new Float64Array(channels);
    for (let i = 0; i < x.length; i++) add(means, i % channels, value(i, i % channels) / count);
    return means;
  };
  const mean = meanOf((i) => x[i] as number);
  return { mean, variance: meanOf((i, c) => ((x[i] as number) - (mean[c] as number)) ** 2), count };
}

function batchNorm(
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

function relu({ name, from, shape }: NodeOf<"relu">, z: Numbers, activation: ReferenceActivation | null): Computed {
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

function sum(node: NodeOf<"add">, a: Numbers, b: Numbers): Computed {
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

function maxPool(node: NodeOf<"max-pool">, x: Numbers, [rows, columns, channels]: Shape): Computed {
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

function average(node: NodeOf<"global-average-pool">, x: Numbers, shape: Shape): Computed {
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

function dense({ name, from, features, shape }: NodeOf<"dense">, x: Numbers, weight: Numbers, bias: Numbers): Computed {
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
