import { inputShape, type Model, normals, streams } from "@reluctant/relu";
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { type HostTensor, sizeOf, type Tensors } from "./tensors.ts";

/** A network's tensors as PyTorch names and lays them out: filters [out, in, h, w], dense weights [out, in]. */
export function weightShapes(model: Model): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const node of model.nodes) {
    const channels = node.shape[2];
    if (node.op === "conv") shapes.set(`${node.name}.weight`, [channels, node.channelsIn, node.kernel, node.kernel]);
    if (node.op === "conv" && node.bias) shapes.set(`${node.name}.bias`, [channels]);
    if (node.op === "dense")
      shapes.set(`${node.name}.weight`, [channels, node.features]).set(`${node.name}.bias`, [channels]);
    if (node.op === "batch-norm") {
      for (const part of ["weight", "bias", "running_mean", "running_var"])
        shapes.set(`${node.name}.${part}`, [channels]);
    }
  }
  return shapes;
}

/** Running statistics belong to the weights, but no optimizer moves them. */
export const isStatistic = (name: string): boolean => name.endsWith(".running_mean") || name.endsWith(".running_var");

/**
 * Fresh weights: filters normal with variance 2 / (out · h · w) (He et al. 2015, fan-out), dense weights normal with
 * variance 1 / in, scales and variances 1, the rest 0. Each tensor draws its own numbers, whatever comes before it.
 */
export function initialWeights(model: Model, seed: number): Tensors {
  const weights = new Map<string, HostTensor>();
  [...weightShapes(model)].forEach(([name, shape], index) => {
    weights.set(name, { shape, values: initialValues(name, shape, { seed, stream: streams.weights, epoch: index }) });
  });
  return weights;
}

function initialValues(
  name: string,
  shape: readonly number[],
  key: { seed: number; stream: number; epoch: number },
): Float32Array {
  const [out = 1, inputs = 1, height, width] = shape;
  const length = sizeOf(shape);
  if (height !== undefined && width !== undefined)
    return scaled(normals(length, key), Math.sqrt(2 / (out * height * width)));
  if (shape.length === 2) return scaled(normals(length, key), Math.sqrt(1 / inputs));
  return new Float32Array(length).fill(name.endsWith(".weight") || name.endsWith(".running_var") ? 1 : 0);
}

const scaled = (values: Float32Array, factor: number): Float32Array => values.map((value) => value * factor);

/** @throws Error naming the first tensor that is missing, or whose shape or dtype is not the model's. */
export function requireWeights(tensors: Tensors, model: Model): Tensors {
  return new Map(
    [...weightShapes(model)].map(([name, shape]) => {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`tensor "${name}" of ${model.name} is missing`);
      if (!(tensor.values instanceof Float32Array)) throw new Error(`tensor "${name}" must be float32`);
      if (tensor.shape.join() !== shape.join())
        throw new Error(`tensor "${name}" has shape [${tensor.shape}]; ${model.name} needs [${shape}]`);
      return [name, tensor];
    }),
  );
}

/** The `weights` artifact: a state dict that PyTorch loads as it is. */
export const encodeWeights = (model: Model, weights: Tensors): Uint8Array =>
  encodeSafetensors({ tensors: weights, metadata: networkMetadata(model) });

/** @throws Error naming the tensor that is missing or not of the model's shape, or the images that it was trained on */
export function decodeWeights(file: Uint8Array, model: Model): Tensors {
  const { tensors, metadata } = decodeSafetensors(file);
  requireSide(metadata, model);
  return requireWeights(tensors, model);
}

type Metadata = SafetensorsFile["metadata"];

/** What a network's artifact says of it beside its tensors. `side`, in pixels, is not in what earlier versions wrote. */
export const networkMetadata = (model: Model): Metadata => ({
  format: "pt",
  model: model.name,
  side: String(inputShape(model)[0]),
});

/** Weights fit images of any size; what they were trained on is written beside them. @throws Error that says both sizes */
export function requireSide({ side }: Metadata, model: Model): void {
  const [needed] = inputShape(model);
  if (side !== undefined && side !== String(needed))
    throw new Error(
      `these weights of ${model.name} were trained on images of ${side} pixels, the data set's have ${needed}`,
    );
}
