import { ModelBuilder, reluLayers } from "@reluctant/relu";
import { type HostTensor, initialWeights } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { openBackend } from "./backends.ts";
import { TfNetwork } from "./network.ts";
import { asTheyAre, testData } from "./test-data.ts";
import { TfTrainer } from "./trainer.ts";

/** Every kind of node, in the orders that the families use: a pooled stem, then a pre-activation block that is skipped. */
function tinyNetwork() {
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
}

const model = tinyNetwork();
const data = testData();
const batch = asTheyAre(data.batch("train", Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7)));
const masks = reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 3 && 1));

beforeAll(() => openBackend({ backend: "cpu", threads: 1, precision: "fp32" }));

/** Loss and, from the first momenta of a step at rate 0, gradients. The student compares its group with an all-ReLU teacher. */
async function step(weights: Map<string, HostTensor>) {
  const student = new TfNetwork({ model, weights, normalization: data });
  const teacher = new TfNetwork({ model, weights: initialWeights(model, 2), normalization: data });
  student.setMasks(masks);
  const objective = { crossEntropy: 1, pram: { form: "attention", weight: 20 } } as const;
  const trainer = new TfTrainer({ student, teacher, objective, momentum: 0.9, weightDecay: 0 });
  const { loss } = await trainer.step(batch, 0);
  const gradients = await trainer.readMomenta();
  for (const owner of [trainer, student, teacher]) owner.dispose();
  return { loss, gradients };
}

it("the gradient of every node's parameters is the slope of the loss", { timeout: 60_000 }, async () => {
  const weights = new Map(initialWeights(model, 1));
  const { gradients } = await step(weights);
  for (const [name, { values: gradient }] of gradients) {
    const { shape, values } = weights.get(name) as HostTensor;
    // Along the gradient itself the slope is its length: one direction tells of every value.
    const length = Math.hypot(...gradient);
    const moved = async (distance: number) =>
      (
        await step(
          new Map(weights).set(name, {
            shape,
            values: values.map((v, i) => v + (distance * (gradient[i] as number)) / length),
          }),
        )
      ).loss;
    const h = 2e-3; // the last bit of a loss of 2 is then a slope of 6e-5
    const slope = ((await moved(h)) - (await moved(-h))) / (2 * h);
    expect
      .soft(Math.abs(slope - length), `${name}: slope ${slope}, gradient ${length}`)
      .toBeLessThan(0.03 * length + 2e-4);
  }
  expect(tf.memory().numTensors).toBe(0);
});
