import { type Model, nodesOf } from "@reluctant/relu";
import { weightShapes } from "@reluctant/stages";

/** The tensors of one layer by their last names, as `weight` and `running_mean`. */
export interface Layer {
  /** Name of the layer, which its tensors' names begin with. */
  name: string;
  /** What it computes and its shape: layers of one kind can be told apart by name or place alone. */
  kind: string;
  tensors: readonly string[];
}

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Layers of a file's tensors, in the order of their first ones. */
export function layersOf(shapes: Shapes): Layer[] {
  const byLayer = grouped(shapes, ([name]) => name.slice(0, Math.max(0, name.lastIndexOf("."))));
  return [...byLayer].map(([name, entries]) => {
    const tensors = new Map(entries.map(([tensor, shape]) => [tensor.slice(name ? name.length + 1 : 0), shape]));
    return { name, kind: kindOf(tensors), tensors: [...tensors.keys()] };
  });
}

function kindOf(tensors: Shapes): string {
  const weight = tensors.get("weight") ?? [];
  const isPlain = [...tensors.keys()].every((name) => name === "weight" || name === "bias");
  if (isPlain && weight.length === 4) return `convolution [${weight}]`;
  if (isPlain && weight.length === 2) return `dense layer [${weight}]`;
  const isNorm = [...tensors].every(([name, shape]) => normParts.has(name) && shape.join() === weight.join());
  if (isNorm && tensors.size === normParts.size && weight.length === 1) return `batch norm [${weight}]`;
  const parts = [...tensors].slice(0, 4).map(([name, shape]) => `${name} [${shape}]`);
  return `layer of ${parts.join(", ")}${tensors.size > parts.length ? ", …" : ""}`;
}

const normParts: ReadonlySet<string> = new Set(["weight", "bias", "running_mean", "running_var"]);

/** Shapes of a model's tensors as files have them: a dense layer before a ReLU is not the 1×1 convolution that it is here. */
export function fileShapes(model: Model): Map<string, readonly number[]> {
  const hidden = new Set(nodesOf(model, "conv").flatMap(({ name, bias }) => (bias ? [`${name}.weight`] : [])));
  return new Map([...weightShapes(model)].map(([name, shape]) => [name, hidden.has(name) ? shape.slice(0, 2) : shape]));
}

/**
 * Orders in which code defines the layers of our model: as they are computed, and with a block's shortcut before what it
 * goes around, or before the last convolution of that.
 */
export function definitionOrders(model: Model): Layer[][] {
  const layers = layersOf(fileShapes(model));
  const convolutions = nodesOf(model, "conv").filter(({ shortcut }) => shortcut);
  const projected = new Set(convolutions.map(({ name }) => name));
  const norms = nodesOf(model, "batch-norm").filter(({ from }) => projected.has(from));
  const shortcuts = new Set([...convolutions, ...norms].map(({ name }) => name));
  const blocks = [...grouped(layers, ({ name }) => blockOf(name)).values()].map((block) => ({
    main: block.filter(({ name }) => !shortcuts.has(name)),
    shortcut: block.filter(({ name }) => shortcuts.has(name)),
  }));
  const shortcutFirst = blocks.flatMap(({ main, shortcut }) => [...shortcut, ...main]);
  const shortcutBeforeLast = blocks.flatMap(({ main, shortcut }) => {
    const last = main.findLastIndex(({ kind }) => kind.startsWith("convolution"));
    return [...main.slice(0, Math.max(0, last)), ...shortcut, ...main.slice(Math.max(0, last))];
  });
  return [layers, shortcutFirst, shortcutBeforeLast];
}

/** `layer2.0` of `layer2.0.conv1` and `layer2.0.downsample.1`; a layer outside of blocks is its own. */
const blockOf = (name: string): string => name.replace(/\.(downsample\.)?[^.]+$/, "");

/** Values by a key of each, keys and values in the order in which they came. */
export function grouped<T>(values: Iterable<T>, keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}
