import type { StageParams } from "@reluctant/contracts";
import { type Model, models, type Recipe, recipes, reluLayers } from "@reluctant/relu";
import { initialWeights, maskedRelus, type StageContext, stages, unattended } from "@reluctant/stages";
import { storedType } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { noBf16 } from "../../../test/allowed-skips.mjs";
import { skipFor } from "../../../test/skip-for.ts";
import { BackendUnavailableError } from "./backend-unavailable.ts";
import { openBackend } from "./backends.ts";
import { createEngine } from "./engine.ts";
import { TfNetwork } from "./network.ts";
import { asTheyAre, inputOf, testBatch, testData } from "./test-data.ts";
import { TfTrainer } from "./trainer.ts";

/** Why bf16 cannot be tested here, or undefined. */
const unavailable = await openBackend({ backend: "torch", threads: 1, precision: "fp32" }).then(
  ({ precisions }) => (precisions.includes("bf16") ? undefined : noBf16),
  (error: unknown) => {
    if (error instanceof BackendUnavailableError) return error.message;
    throw error;
  },
);

const made: { dispose(): void }[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

const use = (precision: "fp32" | "bf16") => openBackend({ backend: "torch", threads: 1, precision });

/** A student with every second ReLU masked out, its teacher, and a trainer with all terms and the sums of a search. */
function distillation(name: string, side: number) {
  const data = testData(side);
  const model = models[name]?.build(data.inputShape, data.classes.length) as Model;
  const weights = initialWeights(model, 1);
  const [student, teacher] = [1, 2].map(() => new TfNetwork({ model, weights, normalization: data })) as [
    TfNetwork,
    TfNetwork,
  ];
  student.setActivations(
    maskedRelus(reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 2))),
  );
  const trainer = new TfTrainer({
    student,
    teacher,
    objective: {
      crossEntropy: 0.5,
      divergence: { weight: 0.5, temperature: 4 },
      pram: { form: "attention", weight: 1000 },
    },
    score: "paper",
    momentum: 0.9,
    weightDecay: 5e-4,
  });
  const batch = asTheyAre(testBatch("train", Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7), side));
  made.push(student, teacher, trainer);
  return { student, trainer, batch };
}

describe("bf16", skipFor(unavailable), () => {
  it("stores every activation of a residual network as bfloat16, from the first convolution to the mean", async () => {
    await use("bf16");
    const { student, batch } = distillation("resnet8", 8);
    tf.tidy(() => {
      const x = inputOf(student, batch);
      for (const { outputs, logits } of [student.train(x), student.evaluate(x, student.freeze())]) {
        const wide = [...outputs].filter(([, tensor]) => storedType(tensor) === "float32").map(([name]) => name);
        expect(wide).toEqual(["input", "avgpool", "fc"]);
        expect(storedType(logits)).toBe("float32");
      }
    });
  });

  it("brings gradients to the optimizer in float32", async () => {
    await use("bf16");
    const { student, batch } = distillation("resnet8", 8);
    tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () => tf.mean(student.train(inputOf(student, batch)).logits),
        [...student.parameters().values()],
      );
      expect(new Set(Object.values(grads).map(storedType))).toEqual(new Set(["float32"]));
    });
  });

  it.each([
    ["resnet8", 16],
    ["resnet20", 16],
    ["resnet18", 8],
    ["resnet50", 32],
    ["wrn22-8", 8],
    ["vgg16-bn", 8],
  ])("%s takes a step of all terms like fp32's, within rounding", { timeout: 300_000 }, async (name, side) => {
    const after = async (precision: "fp32" | "bf16") => {
      await use(precision);
      const { student, trainer, batch } = distillation(name, side);
      const before = await student.read();
      const outcome = await trainer.step(batch, 0.01);
      const weights = await student.read();
      const moved = [...weights].map(([tensor, { values }]) =>
        (values as Float32Array).map((value, i) => value - (before.get(tensor)?.values[i] as number)),
      );
      const scores = await trainer.readScores();
      return { outcome, moved, scores };
    };
    const [fp32, bf16] = [await after("fp32"), await after("bf16")];
    expect(bf16.outcome.loss / fp32.outcome.loss).toBeCloseTo(1, 1);
    expect(bf16.outcome.loss).not.toBe(fp32.outcome.loss);
    expect(distance(bf16.moved, fp32.moved)).toBeLessThan(0.06); // 0.011 (resnet20) to 0.038 (vgg16-bn)
    expect(distance(bf16.scores, fp32.scores)).toBeLessThan(0.01); // 0.003 to 0.007
  });

  it("resumes with the same bits", async () => {
    const run = stageRunner();
    const straight = await run({});
    const stopped = await run({ stopAt: 4 });
    const resumed = await run({ resumeFrom: stopped.checkpoint });
    expect(resumed.output).toEqual(straight.output);
    expect(straight.output.outcome).toBe("succeeded");
  });
});

describe("a backend without bf16", () => {
  it.each(["wasm", "cpu"] as const)("%s says so", async (backend) => {
    const opened = openBackend({ backend, threads: 1, precision: "bf16" });
    await expect(opened).rejects.toThrow(BackendUnavailableError);
    await expect(opened).rejects.toThrow(`backend ${backend} does not compute in bf16`);
    expect((await openBackend({ backend, threads: 1, precision: "fp32" })).precisions).toEqual(["fp32"]);
  });
});

/** |a − b| / |b| over all values of all tensors. */
function distance(a: ArrayLike<number>[], b: ArrayLike<number>[]): number {
  let [difference, size] = [0, 0];
  for (const [i, values] of b.entries()) {
    for (let j = 0; j < values.length; j++) {
      difference += ((a[i]?.[j] as number) - (values[j] as number)) ** 2;
      size += (values[j] as number) ** 2;
    }
  }
  return Math.sqrt(difference / size);
}

/** Runs nine steps of `train` in bf16, or those up to `stopAt`, or those that follow a checkpoint. */
function stageRunner() {
  const { train } = recipes.debug as Recipe;
  const settings = { ...train, batchSize: 8, cropPadding: 1 };
  const params: StageParams = { kind: "train", model: "resnet8", steps: 9, settings };
  return async ({
    stopAt = Number.POSITIVE_INFINITY,
    resumeFrom = null,
  }: {
    stopAt?: number;
    resumeFrom?: StageContext["resumeFrom"];
  }) => {
    const engine = await createEngine({ backend: "torch", threads: 1, precision: "bf16" });
    let asked = 0;
    let checkpoint: Uint8Array | null = null;
    const output = await stages["train/sgd"].run({
      params,
      implementation: "train/sgd",
      precision: "bf16",
      seed: 1,
      inputs: {},
      data: testData(),
      engine,
      ...unattended,
      resumeFrom,
      report: {
        ...unattended.report,
        checkpoint: async (_, bytes) => {
          checkpoint = bytes;
        },
      },
      stopRequested: () => asked++ === stopAt,
    });
    engine.release();
    return { output, checkpoint };
  };
}
