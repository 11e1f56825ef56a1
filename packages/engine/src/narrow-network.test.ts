import { type Model, models, narrow } from "@reluctant/relu";
import { initialWeights, type Tensors } from "@reluctant/stages";
import { beforeAll, expect, it } from "vitest";
import { createEngine } from "./engine.ts";
import { NarrowNetwork } from "./narrow-network.ts";
import { TfNetwork } from "./network.ts";
import { asTheyAre, inputOf, testData } from "./test-data.ts";
import { TfTrainer } from "./trainer.ts";

beforeAll(async () => {
  await createEngine({ threads: 1, precision: "fp32" });
});

const setup = () => {
  const data = testData();
  const model = models.resnet8?.build(data.inputShape, data.classes.length) as Model;
  const wide = new TfNetwork({ model, weights: initialWeights(model, 1), normalization: data });
  const half = new NarrowNetwork(wide, narrow(model, 0.5));
  const objective = { crossEntropy: 1 };
  const trainer = (narrower: { network: TfNetwork; objective: { crossEntropy: number } }[]) =>
    new TfTrainer({ student: wide, narrower, objective, momentum: 0.9, weightDecay: 0 });
  return {
    data,
    model,
    wide,
    half,
    trainer,
    objective,
    batch: asTheyAre(data.batch("train", Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7))),
  };
};
const valuesOf = (tensors: Tensors, name: string) => [...(tensors.get(name)?.values ?? [])];

it("stands by itself: what it reads out answers as it does", async () => {
  const { data, half, batch } = setup();
  const alone = new TfNetwork({ model: half.model, weights: await half.read(), normalization: data });
  expect(await alone.countCorrect(batch)).toBe(await half.countCorrect(batch));
  const [own, apart] = [half, alone].map((network) => network.evaluate(inputOf(network, batch), network.freeze()));
  expect([...((await apart?.logits.data()) ?? [])]).toEqual([...((await own?.logits.data()) ?? [])]);
});

it("sums its loss with the wide network's, and moves the shared filters and its own batch norms", async () => {
  const { half, wide, trainer, objective, batch } = setup();
  const before = { half: await half.read(), wide: await wide.read() };
  const alone = await trainer([]).step(batch, 0);
  const narrowAlone = await new TfTrainer({ student: half, objective, momentum: 0, weightDecay: 0 }).step(batch, 0);
  const both = trainer([{ network: half, objective }]);
  const { loss } = await both.step(batch, 0.1);
  expect(loss).toBeCloseTo(alone.loss + narrowAlone.loss, 4);
  const after = { half: await half.read(), wide: await wide.read() };
  for (const name of ["bn1.weight", "bn1.bias", "conv1.weight"])
    expect(valuesOf(after.half, name)).not.toEqual(valuesOf(before.half, name));
  expect(valuesOf(after.half, "bn1.bias")).not.toEqual(valuesOf(after.wide, "bn1.bias").slice(0, 8));
  expect(valuesOf(after.half, "conv1.weight")).toEqual(valuesOf(after.wide, "conv1.weight").slice(0, 8 * 3 * 9));
});

it("gives the filters that only the wide network has no gradient of its own", async () => {
  const { half, wide, trainer, batch } = setup();
  const muted = { crossEntropy: 0 };
  const start = valuesOf(await wide.read(), "conv1.weight");
  const onlyNarrow = new TfTrainer({
    student: wide,
    narrower: [{ network: half, objective: { crossEntropy: 1 } }],
    objective: muted,
    momentum: 0.9,
    weightDecay: 0,
  });
  await onlyNarrow.step(batch, 0.1);
  const moved = valuesOf(await wide.read(), "conv1.weight");
  expect(moved.slice(8 * 27)).toEqual(start.slice(8 * 27));
  expect(moved.slice(0, 8 * 27)).not.toEqual(start.slice(0, 8 * 27));
  expect((await trainer([]).readMomenta()).has("resnet8@0.5/bn1.weight")).toBe(false);
  expect((await onlyNarrow.readMomenta()).has("resnet8@0.5/bn1.weight")).toBe(true);
});
