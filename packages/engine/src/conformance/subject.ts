/** What the engine's conformance tests run on. */
import { type Mask, type Model, ModelBuilder, reluLayers } from "@reluctant/relu";
import type { Engine, Network, Objective, Tensors, Trainer, TrainerOptions } from "@reluctant/stages";
import { noise, normalization, randomBatch, randomWeights } from "./numbers.ts";

/** Every kind of node, in the orders that the families use: a pooled stem, then a pre-activation block that is skipped. */
export const tinyModel: Model = (() => {
  const net = new ModelBuilder();
  const stem = net.conv("conv1", net.input([8, 8, 3]), 2, 3, 2);
  const pooled = net.maxPool("pool", net.relu("relu1", net.batchNorm("bn1", stem), stem), 3, 2, 1);
  const activation = net.relu("block.relu1", net.batchNorm("block.bn1", pooled), stem);
  const branch = net.conv("block.conv1", activation, 3, 3);
  const sum = net.add("block.add", branch, net.conv("block.downsample.0", activation, 3, 1, 1, true));
  const skipped = net.add("block2.add", net.conv("block2.conv1", net.batchNorm("block2.bn1", sum), 3, 3), sum);
  net.group(net.batchNorm("bn2", skipped));
  net.dense("fc", net.globalAveragePool("avgpool", net.relu("relu2", "bn2", branch)), 4);
  return net.build("tiny", 4);
})();

export const everyTerm: Objective = {
  crossEntropy: 0.5,
  divergence: { weight: 0.7, temperature: 4 },
  pram: { form: "attention", weight: 20 },
};

export const sgd = { momentum: 0.9, weightDecay: 5e-4 };

/** A unit in three is dropped. */
export const someMasks = (model: Model): Mask[] =>
  reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 3 && 1));

export interface Subject {
  engine: Engine;
  weights: Tensors;
  student: Network;
  teacher: Network;
  batch: ReturnType<typeof randomBatch>;
  trainer(options?: Partial<TrainerOptions>): Trainer;
}

/** A tiny student and its teacher, of other weights, with eight images. */
export function setup(engine: Engine, model = tinyModel): Subject {
  const weights = randomWeights(model);
  const student = engine.network({ model, weights, normalization });
  const teacher = engine.network({ model, weights: randomWeights(model, 1), normalization });
  return {
    engine,
    weights,
    student,
    teacher,
    batch: randomBatch(model, 8),
    trainer: (options) => engine.trainer({ student, objective: { crossEntropy: 1 }, ...sgd, ...options }),
  };
}

/** A value in [low, high) for each unit of each ReLU layer. */
export const unitValues = (model: Model, low: number, high: number): Float32Array[] =>
  reluLayers(model).map(({ units }, layer) => noise(units, layer + 1).map((value) => low + value * (high - low)));
