import { reluLayers } from "@reluctant/relu";
import type { Engine, HostTensor, Network, Tensors, Trainer } from "@reluctant/stages";
import { maskedRelus } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { distance, normalization, randomBatch } from "./numbers.ts";
import type { Numbers } from "./reference-nodes.ts";
import { referenceStep } from "./reference-step.ts";
import { everyTerm, type Subject, setup, someMasks, tinyModel, unitValues } from "./subject.ts";

const rate = 0.05;
const valuesOf = (tensors: Tensors, name: string) => tensors.get(name)?.values as Float32Array;

/** What float64 finds of cross-entropy alone. */
const gradientsAt = (weights: Tensors, { batch }: Subject) =>
  referenceStep({
    model: tinyModel,
    weights,
    teacherWeights: weights,
    objective: { crossEntropy: 1 },
    batch,
  });

/** A step changes what it is to change, by what it is to change it, and nothing else. */
export function trainingConforms(engineOf: () => Engine): void {
  it("moves parameters by SGD with momentum and weight decay, and statistics by the batch's, unbiased", async () => {
    const subject = setup(engineOf());
    const { student, weights, batch } = subject;
    const trainer = subject.trainer({ momentum: 0.9, weightDecay: 0.1 });
    let before = weights;
    const velocity = new Map<string, Numbers>();
    for (const _ of [1, 2]) {
      await trainer.step(batch, rate);
      const { gradients, student: pass } = gradientsAt(before, subject);
      const [after, momenta] = [await student.read(), await trainer.readMomenta()];
      expect([...momenta.keys()]).toEqual([...before.keys()].filter((name) => !name.includes("running")));
      for (const [name, { values }] of momenta) {
        const start = valuesOf(before, name);
        const v = Float64Array.from(start, (p, i) => {
          return 0.9 * (velocity.get(name)?.[i] ?? 0) + (gradients.get(name)?.[i] as number) + 0.1 * p;
        });
        velocity.set(name, v);
        expect.soft(distance(values, v), `momenta of ${name}`).toBeLessThan(1e-4);
        const moved = start.map((p, i) => p - rate * (v[i] as number));
        expect.soft(distance(valuesOf(after, name), moved), name).toBeLessThan(1e-5);
      }
      for (const [node, { mean, variance, count }] of pass.moments) {
        const towards = (name: string, target: Numbers) => {
          const moved = valuesOf(before, name).map((value, c) => 0.9 * value + 0.1 * (target[c] as number));
          expect.soft(distance(valuesOf(after, name), moved), name).toBeLessThan(1e-5);
        };
        towards(`${node}.running_mean`, mean);
        towards(
          `${node}.running_var`,
          variance.map((value) => (value * count) / (count - 1)),
        );
      }
      before = after;
    }
  });

  it("moves parameters by Adam, and those of activations at their own rate", async () => {
    const subject = setup(engineOf());
    const { student, weights, batch } = subject;
    student.setActivations(reluLayers(tinyModel).map(() => ({ kind: "soft-mask" })));
    const trainer = subject.trainer({ adam: { activationRate: 10 } });
    const slopes = await student.readActivations();
    await trainer.step(batch, 1e-3);
    const { gradients } = gradientsAt(weights, subject);
    const after = await student.read();
    // The first step's m / √v is the gradient's sign, but for ε.
    const moved = (start: Float32Array, gradient: Numbers, by: number) =>
      start.map((p, i) => p - (by * (gradient[i] as number)) / (Math.abs(gradient[i] as number) + 1e-8));
    for (const name of ["conv1.weight", "bn2.bias", "fc.weight"])
      expect(
        distance(valuesOf(after, name), moved(valuesOf(weights, name), gradients.get(name) as Numbers, 1e-3)),
        name,
      ).toBeLessThan(1e-5);
    const wanted = moved(
      valuesOf(slopes, "relu2.slope"),
      (gradients.get("share.relu2") as Numbers).map((slope) => -slope),
      1e-2,
    );
    expect(distance(valuesOf(await student.readActivations(), "relu2.slope"), wanted)).toBeLessThan(1e-5);
  });

  it("scales gradients that together are longer than asked down to that length", async () => {
    const subject = setup(engineOf());
    const lengthOf = async (clipNorm: number) => {
      const trainer = subject.trainer({ clipNorm, weightDecay: 0 });
      await trainer.step(subject.batch, 0);
      return Math.hypot(...[...(await trainer.readMomenta()).values()].map(({ values }) => Math.hypot(...values)));
    };
    const whole = await lengthOf(1e6);
    expect(await lengthOf(whole / 3)).toBeCloseTo(whole / 3, 4);
  });

  it("moves the student alone: no teacher, no mask, no polynomial", async () => {
    const { student, teacher, batch, trainer } = setup(engineOf());
    const teacherWeights = await teacher.read();
    const share = unitValues(tinyModel, 0, 1);
    student.setActivations(
      reluLayers(tinyModel).map(({ shape }, layer) =>
        layer === 0
          ? { kind: "masked-relu", mask: someMasks(tinyModel)[0] as Uint8Array }
          : { kind: "polynomial", share: share[layer] as Float32Array, coefficients: new Float32Array(3 * shape[2]) },
      ),
    );
    const before = await student.readActivations();
    const { correct, finite } = await trainer({ teacher, objective: everyTerm, score: "paper" }).step(batch, rate);
    expect({ correct: Number.isInteger(correct), finite }).toEqual({ correct: true, finite: true });
    expect(await teacher.read()).toEqual(teacherWeights);
    expect(await student.readActivations()).toEqual(before);
  });

  it.each([
    ["loss", { "fc.weight": Number.NaN }, 1],
    // Large features under small weights: the loss stays finite, the gradient of those weights does not.
    ["gradient", { "bn2.weight": 1e15, "bn2.bias": 1e15, "fc.weight": 1e-16 }, 1e30],
  ])("changes nothing when the %s is not finite, and says so", async (what, scales, crossEntropy) => {
    const { student, teacher, weights, batch, trainer } = setup(engineOf());
    const start = new Map(weights);
    for (const [name, scale] of Object.entries(scales)) {
      const { shape, values } = weights.get(name) as HostTensor;
      start.set(name, { shape, values: (values as Float32Array).map((value) => value * scale) });
    }
    student.setActivations(
      unitValues(tinyModel, 0.5, 1).map((scores) => ({ kind: "scored-mask", scores, hysteresis: 0.003 })),
    );
    const own = trainer({ teacher, objective: { crossEntropy }, score: "paper" });
    await own.step(batch, 0); // so that there are momenta, statistics and sums to keep
    student.load(start);
    const before = await stateOf(student, own);
    const { loss, finite } = await own.step(batch, rate);
    expect({ finite, lossIsFinite: Number.isFinite(loss) }).toEqual({
      finite: false,
      lossIsFinite: what === "gradient",
    });
    expect(await stateOf(student, own)).toEqual(before);
    student.load(weights);
    expect(await own.step(batch, rate)).toMatchObject({ finite: true });
  });

  it.each([
    ["SGD", {}],
    ["Adam", { adam: { activationRate: 10 } }],
  ])("goes on from what it gave to be kept as if nothing had happened: %s", async (_, options) => {
    const one = setup(engineOf());
    const other = setup(engineOf());
    const trainers = [one, other].map(({ student, teacher, trainer }) => {
      student.setActivations(reluLayers(tinyModel).map(() => ({ kind: "soft-mask" })));
      return trainer({ teacher, objective: everyTerm, score: "paper", ...options });
    }) as [Trainer, Trainer];
    const batches = [1, 2, 3, 4, 5, 6].map((salt) => randomBatch(tinyModel, 8, salt));
    for (const batch of batches.slice(0, 3)) await trainers[0].step(batch, rate);
    const kept = await stateOf(one.student, trainers[0]);
    other.student.load(kept.weights);
    other.student.loadActivations(kept.activations);
    trainers[1].loadMomenta(kept.momenta);
    trainers[1].loadScores(kept.scores);
    expect(await stateOf(other.student, trainers[1])).toEqual(kept);
    for (const batch of batches.slice(3)) {
      expect(await trainers[1].step(batch, rate)).toEqual(await trainers[0].step(batch, rate));
    }
    expect(await stateOf(other.student, trainers[1])).toEqual(await stateOf(one.student, trainers[0]));
  });

  it("keeps pruned weights at zero while their momenta stay dense", async () => {
    const { student, batch, trainer } = setup(engineOf());
    const pattern = Uint8Array.from({ length: 54 }, (_, i) => Number(i % 5 === 0));
    const own = trainer();
    own.setSparsity(new Map([["conv1.weight", pattern]]));
    for (const _ of [1, 2]) await own.step(batch, rate);
    const [values, momenta] = [valuesOf(await student.read(), "conv1.weight"), await own.readMomenta()];
    expect(Uint8Array.from(values, (value) => Number(value !== 0))).toEqual(pattern);
    expect(valuesOf(momenta, "conv1.weight").every((momentum) => momentum !== 0)).toBe(true);
  });

  it("takes no step that was made before the first masks or the first pruning", async () => {
    const [one, twin] = [setup(engineOf()), setup(engineOf())];
    const own = one.trainer();
    for (let step = 0; step < 9; step++) {
      const fresh = twin.trainer();
      fresh.loadMomenta(await own.readMomenta());
      const masks = someMasks(tinyModel).map((mask) => mask.map((_, unit) => (unit + step) % 2));
      if (step > 2) for (const { student } of [one, twin]) student.setActivations(maskedRelus(masks));
      const kept = Uint8Array.from({ length: 54 }, (_, i) => (i + step) % 2);
      if (step > 5) for (const trainer of [own, fresh]) trainer.setSparsity(new Map([["conv1.weight", kept]]));
      expect(await own.step(one.batch, rate)).toEqual(await fresh.step(one.batch, rate));
      expect(await one.student.read()).toEqual(await twin.student.read());
    }
  });

  it("holds as many tensors after a step as before it", async () => {
    const { student, teacher, batch, trainer } = setup(engineOf());
    student.setActivations(maskedRelus(someMasks(tinyModel)));
    const own = trainer({ teacher, objective: everyTerm, score: "linearization-cost" });
    const counts: number[] = [];
    for (let step = 0; step < 6; step++) {
      await own.step(batch, rate);
      await student.countCorrect(batch);
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts.slice(2)).size).toBe(1); // the first steps are recorded
  });

  it("refuses what does not fit, by name", () => {
    const { engine, student, weights, trainer } = setup(engineOf());
    const without = new Map([...weights].filter(([name]) => name !== "fc.bias"));
    expect(() => student.load(without)).toThrow('tensor "fc.bias" is missing');
    expect(() => trainer({ score: "paper" })).toThrow(/teacher/);
    expect(() => trainer().setSparsity(new Map([["conv9.weight", new Uint8Array(1)]]))).toThrow(/no parameter "conv9/);
    const stranger = Object.create(student, { model: { value: tinyModel } }) as Network;
    expect(() =>
      engine.trainer({ student: { ...stranger }, objective: { crossEntropy: 1 }, momentum: 0, weightDecay: 0 }),
    ).toThrow("belongs to another engine");
    expect(() => engine.network({ model: tinyModel, weights: new Map(), normalization })).toThrow(/missing/);
  });
}

/** All that a step may change. */
async function stateOf(student: Network, trainer: Trainer) {
  return {
    weights: await student.read(),
    activations: await student.readActivations(),
    momenta: await trainer.readMomenta(),
    scores: await trainer.readScores(),
  };
}
