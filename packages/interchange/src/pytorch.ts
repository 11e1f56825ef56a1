import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Call, Name, Outside, pickled, Tuple } from "@reluctant/pickle";
import { inputShape, reluLayers } from "@reluctant/relu";
import { encodeSafetensors, type HostTensor } from "@reluctant/stages";
import { rowMajor } from "./checkpoint/tensor.ts";
import { zipOf } from "./checkpoint/write-zip.ts";
import { type Network, toChannelsFirst } from "./network.ts";

/** Name of the Python module that reads what `pyTorchFile` writes; import it as it is called. */
export const pyTorchModule = {
  name: "partial_relu.py",
  read: (): Promise<string> => readFile(fileURLToPath(new URL("../python/partial_relu.py", import.meta.url)), "utf8"),
};

/**
 * The network as safetensors for PyTorch: weights under torchvision's names, `<layer>.mask` of 0 and 1 as uint8
 * [c, h, w] for each ReLU layer, `<layer>.polynomial` [3, c] where removed units compute one, and in the metadata the graph
 * that `partial_relu.py` rebuilds.
 */
export const pyTorchFile = (network: Network): Uint8Array =>
  encodeSafetensors({ tensors: tensorsOf(network), metadata: { format: "pt", ...statementOf(network) } });

/**
 * The same tensors and statements in the form of `torch.save`, which `torch.load` reads with `weights_only`: a dict of texts,
 * and under `state_dict` the state dict of the network that `partial_relu.py` rebuilds.
 */
export function torchSaveFile(network: Network): Uint8Array {
  const entries: { name: string; bytes: Uint8Array }[] = [];
  const stateDict = new Map<string, Call>();
  for (const [name, { shape, values }] of tensorsOf(network)) {
    const key = String(entries.length);
    const type = values instanceof Float32Array ? "FloatStorage" : "BoolStorage"; // masks are all that is in bytes
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const storage = new Outside(new Tuple("storage", new Name(`torch.${type}`), key, "cpu", values.length));
    const hooks = new Call("collections.OrderedDict", []);
    const rebuilt = [storage, 0, new Tuple(...shape), new Tuple(...rowMajor(shape)), false, hooks];
    stateDict.set(name, new Call("torch._utils._rebuild_tensor_v2", rebuilt));
    entries.push({ name: `network/data/${key}`, bytes });
  }
  const root = new Map<string, unknown>([
    ...Object.entries(statementOf(network)),
    ["state_dict", new Call("collections.OrderedDict", [], { entries: stateDict })],
  ]);
  return zipOf([
    { name: "network/data.pkl", bytes: pickled(root) },
    { name: "network/byteorder", bytes: Buffer.from("little") },
    ...entries,
    { name: "network/version", bytes: Buffer.from("3\n") },
  ]);
}

/** Weights, masks and polynomials by their names in PyTorch. */
function tensorsOf({ model, weights, masks, polynomials }: Network): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>(weights);
  reluLayers(model).forEach(({ name, shape: [height, width, channels], units }, layer) => {
    const mask = masks?.[layer] ?? new Uint8Array(units).fill(1);
    const values = Uint8Array.from(toChannelsFirst(mask, channels));
    tensors.set(`${name}.mask`, { shape: [channels, height, width], values });
    const polynomial = polynomials.get(name);
    if (polynomial) tensors.set(`${name}.polynomial`, { shape: [3, channels], values: polynomial });
  });
  return tensors;
}

/** What a file says of its network beside the tensors. */
const statementOf = ({ model, reluCount }: Network): Record<string, string> => ({
  model: model.name,
  side: String(inputShape(model)[0]),
  reluCount: String(reluCount),
  graph: JSON.stringify(model.nodes),
});
