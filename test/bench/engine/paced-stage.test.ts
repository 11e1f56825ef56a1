/** What the bench measures is what workers run: the stages of the catalog, every step of them. */
import { createHash } from "node:crypto";
import { createEngine } from "@reluctant/engine";
import { type Engine, type StageOutput, stages, unattended } from "@reluctant/stages";
import { beforeAll, describe, expect, it } from "vitest";
import { testData } from "../../../packages/engine/src/test-data.ts";
import { stageRun, type Work } from "./cases.ts";
import { paceStage, type Unit } from "./paced-stage.ts";

const data = testData();
const steps = 4;
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1, precision: "fp32" });
});

const tiny = (kind: Work["kind"]) => ({ kind, model: "resnet8", batch: 8, precision: "fp32" }) as const;
const pace = (kind: Work["kind"], unit: Unit) =>
  paceStage({ run: stageRun(tiny(kind), data, steps), unit, engine, data });

/** The same stage run as the child of a worker runs it. */
const unpaced = (kind: Work["kind"]): Promise<StageOutput> => {
  const run = stageRun(tiny(kind), data, steps);
  return stages[run.implementation].run({
    ...run,
    data,
    engine,
    ...unattended,
  });
};

const digested = (output: StageOutput) =>
  JSON.stringify(output, (_, value: unknown) =>
    value instanceof Uint8Array ? createHash("sha256").update(value).digest("hex") : value,
  );

describe("a paced stage", () => {
  it.each(["train", "distillation", "mask-search"] as const)(
    "comes to the bits of the worker's own: %s",
    async (kind) => {
      const stage = pace(kind, "step");
      for (let step = 0; step < steps; step++) await stage.take(1);
      const output = await stage.output;
      expect(output.outcome).toBe("succeeded");
      expect(digested(output)).toEqual(digested(await unpaced(kind)));
    },
    60_000,
  );

  it.each([
    ["train", "step"],
    ["evaluation", "evaluated batch"],
  ] as const)("does what it is granted and no more: %s by %s", async (kind, unit) => {
    const done: string[] = [];
    const noting = <O extends object, K extends keyof O>(object: O, method: K): O => {
      const own = (object[method] as (...inputs: unknown[]) => unknown).bind(object);
      const noted = (...inputs: unknown[]) => {
        done.push(String(method));
        return own(...inputs);
      };
      return Object.assign(object, { [method]: noted });
    };
    const watched: Engine = {
      info: engine.info,
      network: (options) => noting(engine.network(options), "countCorrect"),
      narrowed: (network, model) => engine.narrowed(network, model),
      trainer: (options) => noting(engine.trainer(options), "step"),
      release: () => engine.release(),
    };
    const stage = paceStage({ run: stageRun(tiny(kind), data, steps), unit, engine: watched, data });
    await stage.take(2);
    await stage.take(1);
    await new Promise((resolve) => setImmediate(resolve));
    const measured = unit === "step" ? "step" : "countCorrect";
    expect(done.filter((method) => method === measured)).toHaveLength(3);
    await stage.stop();
  });

  it("throws what its stage throws", async () => {
    const run = stageRun(tiny("distillation"), data, steps);
    const stage = paceStage({ run: { ...run, inputs: {} }, unit: "step", engine, data });
    await expect(stage.take(1)).rejects.toThrow("needs the input arModel");
  });
});
