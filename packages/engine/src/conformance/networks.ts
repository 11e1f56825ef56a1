import { type Model, models, narrow, reluLayers } from "@reluctant/relu";
import type { Engine, HostTensor, Objective, Tensors } from "@reluctant/stages";
import { maskedRelus } from "@reluctant/stages";
import { expect, it } from "vitest";
import { type Chosen, masked, polynomial, scoredMask, softMask } from "./activations.ts";
import { distance, normalization, normalized, randomBatch, randomWeights } from "./numbers.ts";
import { referencePass } from "./reference.ts";
import { rowsOf } from "./reference-losses.ts";
import { add, type Numbers } from "./reference-nodes.ts";
import { type ReferenceStep, referenceStep } from "./reference-step.ts";
import { everyTerm, setup, someMasks, tinyModel } from "./subject.ts";

/** One of each family, few channels wide: side of the images, share of the channels. */
const families: [name: string, side: number, width: number][] = [
  ["resnet8", 8, 0.25],
  ["resnet18", 8, 0.0625],
  ["resnet50", 32, 0.0625],
  ["wrn22-8", 8, 0.0625],
  ["vgg16-bn", 8, 0.0625],
  ["resnet20-option-a", 8, 0.25],
  ["vgg16-bn-3-dense", 32, 0.03125],
];

/** Networks compute what their model and their activations mean. */
export function networksConform(engineOf: () => Engine): void {
  it.each(families)("builds %s, gives back its weights bit for bit, and classifies", async (name, side, width) => {
    const model = narrow((models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], 10), width);
    const weights = randomWeights(model);
    const network = engineOf().network({ model, weights, normalization });
    expect(await network.read()).toEqual(weights);
    const batch = randomBatch(model, 4);
    const { logits } = referencePass({ model, weights, x: normalized(batch), mode: "evaluate" });
    const classes = rowsOf(logits, 4).map((row) => row.indexOf(Math.max(...row)));
    for (let right = 0; right <= 4; right++) {
      const labels = Int32Array.from(classes, (own, image) => (image < right ? own : (own + 1) % 10));
      expect(await network.countCorrect({ ...batch, labels })).toBe(right);
    }
    expect(distance(await network.logits(batch), logits)).toBeLessThan(1e-5);
  });

  it.each(families)("takes a step of %s with float64's losses and gradients", async (name, side, width) => {
    const model = narrow((models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], 10), width);
    const objective = { crossEntropy: 0.5, divergence: { weight: 0.7, temperature: 4 } };
    await stepsLikeReference(engineOf(), { model, objective, activation: masked(model) });
  });

  it.each<[string, Objective]>([
    ["cross-entropy", { crossEntropy: 1 }],
    ["divergence", { crossEntropy: 0, divergence: { weight: 0.9, temperature: 4 } }],
    ["attention mismatch", { crossEntropy: 0, pram: { form: "attention", weight: 1000 } }],
    ["raw mismatch", { crossEntropy: 0, pram: { form: "raw", weight: 3 } }],
  ])("computes %s and its gradients as float64 does", async (_, objective) => {
    await stepsLikeReference(engineOf(), { model: tinyModel, objective, activation: masked(tinyModel) });
  });

  it.each<[string, (model: Model) => Chosen]>([
    ["ReLU", () => ({ use() {}, reference: () => [] })],
    [
      "masks of channels",
      (model) =>
        masked(
          model,
          ({ shape }) =>
            (unit) =>
              (unit % shape[2]) % 2,
        ),
    ],
    ["polynomials", polynomial],
    ["soft masks", softMask],
    ["scored masks", scoredMask],
  ])("computes %s and its gradients as float64 does, layer by layer", async (_, activation) => {
    await stepsLikeReference(engineOf(), {
      model: tinyModel,
      objective: everyTerm,
      activation: activation(tinyModel),
    });
  });

  it("computes losses of logits that are equal, and that are far apart", async () => {
    const { engine, weights, batch } = setup(engineOf());
    const lossOf = async (...bias: number[]) => {
      const fc: [string, HostTensor][] = [
        ["fc.weight", { shape: [4, 3], values: new Float32Array(12) }],
        ["fc.bias", { shape: [4], values: Float32Array.from(bias) }],
      ];
      const student = engine.network({ model: tinyModel, weights: new Map([...weights, ...fc]), normalization });
      const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, momentum: 0, weightDecay: 0 });
      return (await trainer.step({ ...batch, labels: new Int32Array(8).fill(1) }, 0)).loss;
    };
    expect(await lossOf(3, 3, 3, 3)).toBeCloseTo(Math.log(4), 6);
    expect(await lossOf(200, 0, 0, 0)).toBeCloseTo(200, 4);
  });

  it.each(["attention", "raw"] as const)("has finite gradients where a student is dead: %s mismatch", async (form) => {
    const { student, teacher, weights, batch, trainer } = setup(engineOf());
    student.load(
      new Map([...weights].map(([name, tensor]) => [name, name.startsWith("bn2.") ? zeros(tensor) : tensor])),
    );
    const own = trainer({ teacher, objective: { crossEntropy: 1, pram: { form, weight: 1 } } });
    expect(await own.step(batch, 0)).toMatchObject({ finite: true, pram: expect.any(Number) });
  });

  it("is exactly linear in a unit that its mask drops, and rectifies the units it keeps", async () => {
    // With the batch norm's scale and offset negated what enters a ReLU is negated, to the bit. A teacher of zeros lets
    // the score read |output| for a batch of one image: |z| of a dropped unit is then relu(z) + relu(−z) of a kept one.
    const { engine, weights } = setup(engineOf());
    const negated = new Map(weights);
    for (const name of ["bn1.weight", "bn1.bias"]) {
      const { shape, values } = weights.get(name) as HostTensor;
      negated.set(name, { shape, values: (values as Float32Array).map((value) => -value) });
    }
    const dead = new Map([...weights].map(([name, tensor]) => [name, zeros(tensor)] as const));
    const outputs = async (own: Tensors, kept: 0 | 1) => {
      const network = (values: Tensors) => engine.network({ model: tinyModel, weights: values, normalization });
      const [student, teacher] = [network(own), network(dead)];
      student.setActivations(maskedRelus(reluLayers(tinyModel).map(({ units }) => new Uint8Array(units).fill(kept))));
      const options = { objective: { crossEntropy: 1 }, momentum: 0, weightDecay: 0, score: "paper" } as const;
      const trainer = engine.trainer({ student, teacher, ...options });
      await trainer.step(randomBatch(tinyModel, 1), 0);
      return (await trainer.readScores())[0] as Float32Array;
    };
    const [open, mirrored, linear] = [await outputs(weights, 1), await outputs(negated, 1), await outputs(weights, 0)];
    expect(open.some((value) => value > 0) && mirrored.some((value) => value > 0)).toBe(true);
    expect(open.every((value, unit) => value === 0 || mirrored[unit] === 0)).toBe(true);
    expect(linear).toEqual(open.map((value, unit) => value + (mirrored[unit] as number)));
  });

  it("crops, pads in black and flips each image on its own before it normalizes", async () => {
    const { student, batch, trainer } = setup(engineOf());
    student.setActivations(maskedRelus(someMasks(tinyModel)));
    const offsets = Int32Array.of(0, 0, 0, 0, 0, 1, 2, -1, 0, -3, 4, 1, 8, 8, 1, -9, 0, 0, 1, 0, 0, 0, -1, 1);
    const moved = Uint8Array.from(batch.images, (_, i) => {
      const [c, x, y, n] = [i % 3, Math.floor(i / 3) % 8, Math.floor(i / 24) % 8, Math.floor(i / 192)];
      const [dy, dx, flip] = offsets.subarray(3 * n) as unknown as [number, number, number];
      const [row, column] = [y + dy, (flip ? 7 - x : x) + dx];
      const inside = row >= 0 && row < 8 && column >= 0 && column < 8;
      return inside ? (batch.images[((n * 8 + row) * 8 + column) * 3 + c] as number) : 0;
    });
    const asked = await trainer().step({ ...batch, offsets }, 0);
    expect(asked).toEqual(await trainer().step({ ...batch, images: moved }, 0));
    expect(asked.loss).not.toBe((await trainer().step(batch, 0)).loss);
  });
}

const zeros = ({ shape, values }: HostTensor): HostTensor => ({ shape, values: new Float32Array(values.length) });

/** One step at rate 0 beside float64's: the report, every gradient, and what leaves each ReLU. */
async function stepsLikeReference(
  engine: Engine,
  { model, objective, activation }: { model: Model; objective: Objective; activation: Chosen },
): Promise<void> {
  const { weights, student, teacher, batch } = setup(engine, model);
  activation.use(student);
  const trainer = engine.trainer({ student, teacher, objective, momentum: 0.9, weightDecay: 0, score: "paper" });
  const { crossEntropy, divergence, pram, loss, finite } = await trainer.step(batch, 0);
  const wanted = referenceStep({
    model,
    weights,
    teacherWeights: randomWeights(model, 1),
    objective,
    batch,
    activations: activation.reference(),
  });
  expect(finite).toBe(true);
  const terms = [crossEntropy, divergence, pram, loss];
  expect(distance(terms, [wanted.crossEntropy, wanted.divergence, wanted.pram, wanted.loss])).toBeLessThan(1e-5);
  const layers = reluLayers(model);
  const gradients = new Map(wanted.gradients);
  for (const [layer, { name }] of layers.entries()) {
    const [part, values] = activation.gradients?.(gradients.get(`share.${name}`) as Numbers, layer) ?? [];
    if (part) gradients.set(`activation.${name}.${part}`, values as Numbers);
  }
  for (const [name, { values }] of await trainer.readMomenta())
    expect.soft(distance(values, gradients.get(name) as Numbers), `gradient of ${name}`).toBeLessThan(1e-4);
  const scores = await trainer.readScores();
  for (const [layer, { name, units }] of layers.entries())
    expect(distance(scores[layer] as Float32Array, mismatchOf(wanted, name, units)), name).toBeLessThan(1e-5);
}

/** Σ |A_teacher − A_student| of each unit. */
function mismatchOf({ student, teacher }: ReferenceStep, layer: string, units: number): Numbers {
  const sums = new Float64Array(units);
  const taught = teacher.outputs.get(layer) as Numbers;
  student.outputs.get(layer)?.forEach((value, i) => {
    add(sums, i % units, Math.abs(value - (taught[i] as number)));
  });
  return sums;
}
