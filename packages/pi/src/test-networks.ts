import { type Model, ModelBuilder, models, normals, randomMask, reluLayers, streams } from "@reluctant/relu";
import { calibrate } from "./calibrate.ts";
import type { PrivateNetwork } from "./network.ts";
import { type PartialReluNetwork, quantize, type WeightTensor } from "./quantize.ts";
import { encode, type RingVector } from "./ring.ts";

/** A residual network in small with every step that the protocol has; tests and benches only, as all of this file. */
export function tinyModel(): Model {
  const net = new ModelBuilder();
  const stem = net.relu("relu1", net.batchNorm("bn1", net.conv("conv1", net.input([6, 6, 3]), 4, 3)), "conv1");
  const first = net.batchNorm("block.bn1", net.conv("block.conv1", stem, 6, 3, 2));
  const second = net.conv("block.conv2", net.relu("block.relu1", first, "block.conv1"), 6, 3);
  const skip = net.batchNorm("block.downsample.1", net.conv("block.downsample.0", stem, 6, 1, 2, true));
  const sum = net.add("block.add", net.batchNorm("block.bn2", second), skip);
  net.dense("fc", net.globalAveragePool("avgpool", net.relu("block.relu2", sum, "block.conv2")), 5);
  return net.build("tiny", 5);
}

export const namedModel = (name: "resnet8" | "resnet20" | "resnet18"): Model =>
  (models[name] as (typeof models)[string]).build([32, 32, 3], 10);

/** The model with weights as training starts with them for as many ReLUs, so that values neither grow nor vanish, batch norms that do something, and masks that keep a share of all units. */
export function randomNetwork(model: Model, { seed, kept }: { seed: number; kept: number }): PartialReluNetwork {
  const tensors = new Map<string, WeightTensor>();
  const put = (name: string, shape: number[], of: (normal: number) => number) => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const values = normals(length, { seed, stream: streams.weights, epoch: tensors.size }).map(of);
    tensors.set(name, { shape, values });
  };
  for (const node of model.nodes) {
    const channels = node.shape[2];
    if (node.op === "conv") {
      const deviation = Math.sqrt(1 / ((1 - kept / 2) * channels * node.kernel ** 2)); // a ReLU halves what it passes on
      put(`${node.name}.weight`, [channels, node.channelsIn, node.kernel, node.kernel], (x) => deviation * x);
    }
    if (node.op === "dense") {
      put(`${node.name}.weight`, [channels, node.features], (x) => x / Math.sqrt(node.features));
      put(`${node.name}.bias`, [channels], (x) => 0.1 * x);
    }
    if (node.op === "batch-norm") {
      put(`${node.name}.weight`, [channels], (x) => 1 + 0.1 * x);
      put(`${node.name}.bias`, [channels], (x) => 0.1 * x);
      put(`${node.name}.running_mean`, [channels], (x) => 0.1 * x);
      put(`${node.name}.running_var`, [channels], (x) => Math.exp(0.1 * x));
    }
  }
  const masks = reluLayers(model).map(({ units }, layer) =>
    randomMask(units, Math.round(kept * units), { seed, layer }),
  );
  return { model, tensors, masks, polynomials: new Map() };
}

/** Normal images, in fixed point. */
export const randomImages = (model: Model, count: number, seed: number): RingVector[] => {
  const [height, width, channels] = model.nodes[0]?.shape ?? [0, 0, 0];
  return Array.from({ length: count }, (_, index) =>
    encode(normals(height * width * channels, { seed, stream: streams.augment, epoch: index })),
  );
};

/** A network that is ready for private inference, with its images. */
export function readyNetwork(
  model: Model,
  { seed, kept, images }: { seed: number; kept: number; images: number },
): { source: PartialReluNetwork; network: PrivateNetwork; images: RingVector[] } {
  const source = randomNetwork(model, { seed, kept });
  const inputs = randomImages(model, images, seed);
  return { source, network: calibrate(quantize(source), inputs), images: inputs };
}
