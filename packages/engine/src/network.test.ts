import { models, reluLayers } from "@reluctant/relu";
import { decodeWeights, encodeWeights, type HostTensor, initialWeights } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "./backends.ts";
import { TfNetwork } from "./network.ts";
import { asTheyAre, inputOf, testData } from "./test-data.ts";
import { TfTrainer } from "./trainer.ts";

const made: { dispose(): void }[] = [];
beforeAll(() => openBackend({ threads: 1, precision: "fp32" }));
afterEach(() => {
  for (const one of made.splice(0)) one.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

const setup = () => {
  const data = testData();
  const model = (models.resnet8 as NonNullable<typeof models.resnet8>).build(data.inputShape, data.classes.length);
  const weights = initialWeights(model, 1);
  const network = () => {
    const one = new TfNetwork({ model, weights, normalization: data });
    made.push(one);
    return one;
  };
  const indices = Uint32Array.from({ length: 8 }, (_, i) => i);
  const batch = asTheyAre(data.batch("train", indices));
  const x = () => inputOf(network(), batch);
  return { data, model, weights, network, batch, x };
};

describe("a network on the device", () => {
  it("gives back its weights bit for bit, filters in PyTorch's layout", async () => {
    const { model, weights, network } = setup();
    const read = await network().read();
    expect(read).toEqual(weights);
    expect(decodeWeights(encodeWeights(model, read), model)).toEqual(weights);
    expect(read.get("layer2.0.conv1.weight")?.shape).toEqual([32, 16, 3, 3]);
  });

  it("normalizes pixels by channel", async () => {
    const { network } = setup();
    const white = asTheyAre({ images: new Uint8Array(192).fill(255), labels: Int32Array.of(0) });
    const x = inputOf(network(), white);
    expect((await x.data())[0]).toBeCloseTo((1 - 0.5) / 0.25, 6);
    x.dispose();
  });

  it("is exactly linear in a unit that its mask drops, and rectifies the units it keeps", async () => {
    const { model, network, x } = setup();
    const student = network();
    student.setMasks(reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 2)));
    const [before, after] = tf.tidy(() => {
      const pass = student.train(x(), { preActivations: true });
      return [pass.preActivations, pass.outputs].map((values) =>
        tf.reshape(values.get("layer1.0.relu2") as tf.Tensor, [8, -1]),
      );
    }) as [tf.Tensor, tf.Tensor];
    const [entering, leaving] = [await before.data(), await after.data()];
    tf.dispose([before, after]);
    expect(entering.some((value) => value < 0)).toBe(true);
    expect(leaving.every((value, i) => value === (i % 2 ? Math.max(entering[i] as number, 0) : entering[i]))).toBe(
      true,
    );
  });

  it.each(["train", "evaluate"] as const)("computes the same with and without fused ReLUs: %s", async (mode) => {
    const { network, x } = setup();
    const student = network();
    const logits = async (preActivations: boolean) => {
      const out = tf.tidy(() =>
        mode === "train"
          ? student.train(x(), { preActivations }).logits
          : student.evaluate(x(), student.freeze(), { preActivations }).logits,
      );
      const values = await out.data();
      out.dispose();
      return values;
    };
    const [fused, single] = [await logits(false), await logits(true)];
    expect(Math.max(...fused.map((value, i) => Math.abs(value - (single[i] as number))))).toBeLessThan(1e-5);
  });
});

describe("a trainer", () => {
  const trainerFor = (...options: ConstructorParameters<typeof TfTrainer>) => {
    const trainer = new TfTrainer(...options);
    made.push(trainer);
    return trainer;
  };
  const sgd = { momentum: 0.9, weightDecay: 5e-4 };

  it("moves the running variance by the unbiased batch variance, decay 0.9", async () => {
    const { network, batch, x } = setup();
    const student = network();
    const convolved = tf.tidy(() => student.train(x()).outputs.get("conv1") as tf.Tensor);
    await trainerFor({ student, objective: { crossEntropy: 1 }, ...sgd }).step(batch, 0);
    const values = await convolved.data();
    convolved.dispose();
    const channel = [...values].filter((_, i) => i % 16 === 0);
    const mean = channel.reduce((sum, value) => sum + value, 0) / channel.length;
    const unbiased = channel.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (channel.length - 1);
    const read = await student.read();
    expect(read.get("bn1.running_mean")?.values[0]).toBeCloseTo(0.1 * mean, 5);
    expect(read.get("bn1.running_var")?.values[0]).toBeCloseTo(0.9 + 0.1 * unbiased, 5);
  });

  it("moves the student and not the teacher, with a flat tensor count", async () => {
    const { weights, network, batch } = setup();
    const [student, teacher] = [network(), network()];
    const objective = {
      crossEntropy: 0.1,
      divergence: { weight: 0.9, temperature: 4 },
      pram: { form: "attention", weight: 1000 },
    } as const;
    const trainer = trainerFor({ student, teacher, objective, ...sgd, score: "paper" });
    await trainer.step(batch, 0.01);
    const tensors = tf.memory().numTensors;
    const { loss, crossEntropy, divergence, pram } = await trainer.step(batch, 0.01);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(crossEntropy + divergence + pram).toBeCloseTo(loss, 4);
    expect(await teacher.read()).toEqual(weights);
    expect((await student.read()).get("conv1.weight")).not.toEqual(weights.get("conv1.weight"));
  });

  it.each([
    ["loss", { "fc.weight": Number.NaN }, 1, Number.NaN],
    // Large features under small weights: the loss stays finite, the gradient of those weights does not.
    ["gradient", { "layer3.0.bn2.weight": 1e30, "fc.weight": 1e-3 }, 1e9, expect.any(Number)],
  ])("changes nothing on the device when the %s is not finite", async (_, scales, weight, loss) => {
    const { weights, network, batch } = setup();
    const [student, teacher] = [network(), network()];
    const start = new Map(weights);
    for (const [name, scale] of Object.entries(scales)) {
      const { shape, values } = weights.get(name) as HostTensor;
      start.set(name, { shape, values: (values as Float32Array).map((value) => value * scale) });
    }
    student.load(start);
    const trainer = trainerFor({ student, teacher, objective: { crossEntropy: weight }, ...sgd, score: "paper" });
    expect(await trainer.step(batch, 0.1)).toMatchObject({ loss, finite: false });
    expect(await student.read()).toEqual(start);
    const untouched = [...(await trainer.readMomenta()).values()].map(({ values }) => values);
    for (const values of [...untouched, ...(await trainer.readScores())])
      expect(values.every((value) => value === 0)).toBe(true);
  });

  it("sums max(−z, 0) over the batch for each unit, and starts again from zero", async () => {
    const { network, batch, x } = setup();
    const [student, twin] = [network(), network()];
    const trainer = trainerFor({ student, objective: { crossEntropy: 1 }, ...sgd, score: "linearization-cost" });
    await trainer.step(batch, 0);
    const expected = tf.tidy(() => {
      const z = twin.train(x(), { preActivations: true }).preActivations.get("relu1") as tf.Tensor;
      return tf.sum(tf.relu(tf.neg(z)), 0);
    });
    const sums = (await trainer.readScores())[0] as Float32Array;
    const wanted = await expected.data();
    expected.dispose();
    expect(sums.every((sum, unit) => Math.abs(sum - (wanted[unit] as number)) < 1e-4)).toBe(true);
    expect(sums.some((sum) => sum > 0)).toBe(true);
    trainer.loadScores(null);
    expect((await trainer.readScores())[0]?.every((sum) => sum === 0)).toBe(true);
  });

  it("sums how far the loss moves, to first order, when a unit loses its ReLU", async () => {
    const { data, model, network } = setup();
    const batch = asTheyAre(data.batch("train", Uint32Array.of(0)));
    const student = network();
    const trainer = trainerFor({ student, objective: { crossEntropy: 1 }, ...sgd, score: "taylor" });
    const all = reluLayers(model).map(({ units }) => new Uint8Array(units).fill(1));
    student.setMasks(all);
    const { loss } = await trainer.step(batch, 0);
    const scores = await trainer.readScores();
    const last = scores.at(-1) as Float32Array;
    const dearest = [...last.keys()].sort((a, b) => (last[b] as number) - (last[a] as number)).slice(0, 10);
    for (const unit of dearest) {
      student.setMasks([...all.slice(0, -1), (all.at(-1) as Uint8Array).map((_, u) => Number(u !== unit))]);
      const without = await trainer.step(batch, 0);
      const moved = Math.abs(without.loss - loss) / (last[unit] as number);
      expect(Math.abs(moved - 1)).toBeLessThan(0.1); // the rest is of second order
    }
  });

  it("keeps pruned weights at zero while their momenta stay dense", async () => {
    const { network, batch } = setup();
    const student = network();
    const trainer = trainerFor({ student, objective: { crossEntropy: 1 }, ...sgd });
    trainer.setSparsity(new Map([["conv1.weight", Uint8Array.from({ length: 432 }, (_, i) => Number(i < 40))]]));
    await trainer.step(batch, 0.1);
    const weights = (await student.read()).get("conv1.weight")?.values as Float32Array;
    const momenta = (await trainer.readMomenta()).get("conv1.weight")?.values as Float32Array;
    expect(weights.subarray(40).every((weight) => weight === 0)).toBe(true);
    expect(weights.subarray(0, 40).every((weight) => weight !== 0)).toBe(true);
    expect(momenta.subarray(40).some((momentum) => momentum !== 0)).toBe(true);
  });

  it("replays no step that was recorded before the first masks or the first pruning", async () => {
    const { model, network, batch } = setup();
    const [student, twin] = [network(), network()];
    const trainer = trainerFor({ student, objective: { crossEntropy: 1 }, ...sgd });
    for (let step = 0; step < 9; step++) {
      const fresh = trainerFor({ student: twin, objective: { crossEntropy: 1 }, ...sgd });
      fresh.loadMomenta(await trainer.readMomenta());
      const masks = reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, i) => (i + step) % 2));
      if (step > 2) for (const one of [student, twin]) one.setMasks(masks);
      const kept = Uint8Array.from({ length: 432 }, (_, i) => (i + step) % 2);
      if (step > 5) for (const one of [trainer, fresh]) one.setSparsity(new Map([["conv1.weight", kept]]));
      expect(await trainer.step(batch, 0.05)).toEqual(await fresh.step(batch, 0.05));
      expect(await student.read()).toEqual(await twin.read());
    }
  });

  it("refuses to compare with a teacher that is not there", () => {
    const { network } = setup();
    expect(() => new TfTrainer({ student: network(), objective: { crossEntropy: 1 }, ...sgd, score: "paper" })).toThrow(
      /teacher/,
    );
  });
});
