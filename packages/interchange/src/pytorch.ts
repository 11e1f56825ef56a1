import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { inputShape, reluLayers } from "@reluctant/relu";
import { encodeSafetensors, type HostTensor } from "@reluctant/stages";
import { type Network, toChannelsFirst } from "./network.ts";

/** Name of the Python module that reads what `pyTorchFile` writes; import it as it is called. */
export const pyTorchModule = {
  name: "partial_relu.py",
  read: (): Promise<string> => readFile(fileURLToPath(new URL("../python/partial_relu.py", import.meta.url)), "utf8"),
};

/**
 * The network as safetensors for PyTorch: weights under torchvision's names, `<layer>.mask` of 0 and 1 as uint8
 * [c, h, w] for each ReLU layer, `<layer>.polynomial` [3, c] where removed units compute one, and in the metadata the graph that `partial_relu.py` rebuilds.
 */
export function pyTorchFile({ model, weights, masks, polynomials, reluCount }: Network): Uint8Array {
  const tensors = new Map<string, HostTensor>(weights);
  reluLayers(model).forEach(({ name, shape: [height, width, channels], units }, layer) => {
    const mask = masks?.[layer] ?? new Uint8Array(units).fill(1);
    const values = Uint8Array.from(toChannelsFirst(mask, channels));
    tensors.set(`${name}.mask`, { shape: [channels, height, width], values });
    const polynomial = polynomials.get(name);
    if (polynomial) tensors.set(`${name}.polynomial`, { shape: [3, channels], values: polynomial });
  });
  return encodeSafetensors({
    tensors,
    metadata: {
      format: "pt",
      model: model.name,
      side: String(inputShape(model)[0]),
      reluCount: String(reluCount),
      graph: JSON.stringify(model.nodes),
    },
  });
}
