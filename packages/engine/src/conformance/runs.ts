import { createHash } from "node:crypto";
import type { ParamsOf, StageParams } from "@reluctant/contracts";
import { models, type Recipe, recipes } from "@reluctant/relu";
import {
  decodeWeights,
  type Engine,
  type StageContext,
  type StageData,
  type StageOutput,
  stages,
  unattended,
} from "@reluctant/stages";
import { expect, it } from "vitest";
import { testData } from "../test-data.ts";

/** One more than a batch of an evaluation. */
const testImages = 251;
const data: StageData = {
  ...testData(4),
  size: (split) => (split === "test" ? testImages : 40),
};
const { train } = recipes.debug as Recipe;
const params: ParamsOf<"train"> = {
  kind: "train",
  model: "resnet8",
  steps: 4,
  settings: { ...train, batchSize: 8, cropPadding: 1 },
};

interface Run {
  output: StageOutput;
  checkpoint: Uint8Array | null;
}

async function run(engine: Engine, overrides: Partial<StageContext> = {}): Promise<Run> {
  let checkpoint: Uint8Array | null = null;
  const output = await stages["train/sgd"].run({
    params,
    implementation: "train/sgd",
    precision: "fp32",
    seed: 1,
    inputs: {},
    data,
    engine,
    ...unattended,
    report: {
      ...unattended.report,
      async checkpoint(_, bytes) {
        checkpoint = bytes;
      },
    },
    ...overrides,
  });
  return { output, checkpoint };
}

/** A stage on the engine: its loop, its checkpoints, its evaluation. */
export function runsConform(engineOf: () => Engine): void {
  it("ends with the same bytes and numbers after a stop and a resume, every test image counted once", async () => {
    const engine = engineOf();
    const { output } = await run(engine);
    let asked = 0;
    const stopped = await run(engine, { stopRequested: () => asked++ === 2 });
    expect(stopped.output).toEqual({ outcome: "stopped", step: 2 });
    expect(digested((await run(engine, { resumeFrom: stopped.checkpoint })).output)).toEqual(digested(output));

    if (output.outcome !== "succeeded" || output.result.kind !== "train") throw new Error(output.outcome);
    const model = (models.resnet8 as NonNullable<typeof models.resnet8>).build(data.inputShape, data.classes.length);
    const weights = decodeWeights(output.artifacts[0]?.bytes ?? new Uint8Array(), model);
    const network = engine.network({ model, weights, normalization: data });
    let correct = 0;
    for (let first = 0; first < testImages; first += 100) {
      const indices = Array.from({ length: Math.min(100, testImages - first) }, (_, i) => first + i);
      correct += await network.countCorrect(await data.batch("test", Uint32Array.from(indices)));
    }
    expect(output.result.testAccuracy).toBe(correct / testImages);
  });

  it("rejects within one step of an abort", async () => {
    const controller = new AbortController();
    let steps = 0;
    const stopRequested = () => {
      if (++steps === 2) controller.abort(new Error("the lease is gone"));
      return false;
    };
    await expect(run(engineOf(), { signal: controller.signal, stopRequested })).rejects.toThrow("the lease is gone");
    expect(steps).toBe(2);
  });

  it("ends a run whose loss is not finite with the number of its step", async () => {
    const wild = { learningRate: 1e30, warmup: 0 };
    const settings = { ...params.settings, ...wild } as typeof train & { batchSize: number };
    const failure = await run(engineOf(), { params: { ...params, steps: 40, settings } as StageParams }).then(
      () => null,
      (error) => error.failure,
    );
    expect(failure).toMatchObject({ code: "not-finite", fatal: true, step: 1 });
  });
}

/** An output with the hashes of its bytes, which are quicker to compare. */
const digested = (output: StageOutput) =>
  output.outcome === "stopped"
    ? output
    : {
        ...output,
        artifacts: output.artifacts.map((own) => ({
          ...own,
          bytes: createHash("sha256").update(own.bytes).digest("hex"),
        })),
      };
