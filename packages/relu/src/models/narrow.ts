import type { Mask } from "../mask.ts";
import { type Model, type ModelNode, reluLayers, type Shape } from "./model.ts";

/**
 * The network of width d in (0, 1) that reads the first ⌊d·C⌋ channels of every convolution (SENet++, method.md §6). Image
 * channels and class outputs are never cut.
 */
export function narrow(model: Model, width: number): Model {
  const channels = new Map<string, number>();
  const nodes = model.nodes.map((node) => {
    const narrowed = narrowNode(node, width, (from) => channels.get(from) as number);
    channels.set(node.name, narrowed.shape[2]);
    return narrowed;
  });
  return { ...model, name: `${model.name}@${width}`, nodes };
}

function narrowNode(node: ModelNode, width: number, channelsOf: (name: string) => number): ModelNode {
  const [height, breadth, channels] = node.shape;
  const of = (count: number): Shape => [height, breadth, count];
  switch (node.op) {
    case "input":
      return node;
    case "conv":
      return { ...node, channelsIn: channelsOf(node.from), shape: of(Math.floor(width * channels)) };
    case "pad-channels": {
      const [all, inner] = [Math.floor(width * channels), channelsOf(node.from)];
      const before = Math.floor(width * node.before);
      return { ...node, before, after: all - inner - before, shape: of(all) };
    }
    case "dense":
      return { ...node, features: channelsOf(node.from) };
    default:
      return { ...node, shape: of(channelsOf(node.from)) };
  }
}

/** What masks of a network keep among the channels that its narrower one has. */
export const narrowMasks = (model: Model, narrowed: Model, masks: readonly Mask[]): Mask[] => {
  const wide = reluLayers(model);
  return reluLayers(narrowed).map(({ units, shape: [, , channels] }, layer) => {
    const stride = wide[layer]?.shape[2] as number;
    const mask = masks[layer] as Mask;
    return Uint8Array.from(
      { length: units },
      (_, unit) => mask[Math.floor(unit / channels) * stride + (unit % channels)] as number,
    );
  });
};
