import { type Mask, type ReluLayer, sum } from "@reluctant/relu";
import type { HostTensor } from "@reluctant/stages";

/** Which units of a network keep their ReLU, where a file gives a number for each: above a threshold, or the largest so many. */
export interface Keeping {
  /** Of AutoReP's files its own: see `FoundRelus`' hysteresis. */
  threshold?: number | undefined;
  /** ReLUs of the whole network. */
  budget?: number | undefined;
  /** What AutoReP multiplied the square's coefficient by. */
  squareScale?: number | undefined;
}

/** What a file says of a network's ReLUs: masks in the order of the layers, and what removed units compute where that is no identity. */
export interface FoundRelus {
  masks: readonly Mask[];
  /** [3, c] by layer. */
  polynomials: ReadonlyMap<string, Float32Array>;
  /** Of AutoReP's indicators: how far beyond 0 a score moves one. */
  hysteresis?: number;
}

/** What a file says of one ReLU layer: a number for each unit, 1 where the ReLU stays. */
export interface Scores {
  layer: ReluLayer;
  /** In the file. */
  name: string;
  /** In (h, w, c) order. */
  values: Float32Array;
}

/**
 * @throws Error naming the tensor whose shape is not the layer's: [c, h, w], a batch of one of it, all in a row, or one
 * number for all
 */
export function scoresOf(layer: ReluLayer, name: string, { shape, values }: HostTensor): Scores {
  if (!isShapeOf(layer, shape)) {
    const [height, width, channels] = layer.shape;
    throw new Error(
      `tensor "${name}" has shape [${shape}]; ReLU layer ${layer.name} has [${channels},${height},${width}]`,
    );
  }
  const unusable = values.find((value) => !Number.isFinite(value));
  if (unusable !== undefined) throw new Error(`tensor "${name}" holds ${unusable}, which keeps no ReLU and drops none`);
  if (values.length === 1) return { layer, name, values: new Float32Array(layer.units).fill(values[0] as number) };
  const [, , channels] = layer.shape;
  const positions = layer.units / channels;
  const inOrder = Float32Array.from(values, (_, unit) => {
    const [position, channel] = [Math.floor(unit / channels), unit % channels];
    return values[channel * positions + position] as number;
  });
  return { layer, name, values: inOrder };
}

export function isShapeOf({ shape: [height, width, channels], units }: ReluLayer, shape: readonly number[]): boolean {
  const own = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  return own.join() === [channels, height, width].join() || own.join() === String(units) || own.join() === "1";
}

/**
 * Masks of scores. Those of 0 and 1 are masks already; others want to be told where to cut.
 * @throws Error naming the flags that say it, or that say nothing here
 */
export function masksOf(scores: readonly Scores[], { threshold, budget }: Keeping): Mask[] {
  if (threshold !== undefined && budget !== undefined) throw new Error("--threshold and --budget both cut; give one");
  const between = scores.find(({ values }) => values.some((value) => value !== 0 && value !== 1));
  if (!between) {
    const kept = sum(scores.map(({ values }) => values.reduce((total, value) => total + value, 0)));
    if (threshold !== undefined)
      throw new Error(`--threshold says nothing of masks of 0 and 1, which keep ${kept} ReLUs`);
    if (budget !== undefined && budget !== kept)
      throw new Error(`--budget ${budget}: the file's masks are of 0 and 1 and keep ${kept} ReLUs`);
    return scores.map(({ values }) => Uint8Array.from(values));
  }
  if (budget !== undefined) return largest(scores, budget);
  if (threshold !== undefined)
    return scores.map(({ values }) => Uint8Array.from(values, (value) => (value > threshold ? 1 : 0)));
  throw new Error(
    `tensor "${between.name}" holds numbers between 0 and 1: say which units keep their ReLU, by --threshold T (SNL cuts at 0.01) or --budget N`,
  );
}

/** The `budget` units of the largest scores; of equal ones those that come first. */
function largest(scores: readonly Scores[], budget: number): Mask[] {
  const units = scores.flatMap(({ values }, layer) => Array.from(values, (value, unit) => ({ value, layer, unit })));
  if (budget > units.length) throw new Error(`--budget ${budget}: the network has ${units.length} ReLUs`);
  const masks = scores.map(({ values }) => new Uint8Array(values.length));
  units.sort((a, b) => b.value - a.value);
  for (const { layer, unit } of units.slice(0, budget)) (masks[layer] as Mask)[unit] = 1;
  return masks;
}
