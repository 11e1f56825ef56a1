/** Checkpoints that an earlier version took on wasm, read and written by this one, there and on libtorch. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendName, UnusableDataset } from "@reluctant/contracts";
import { type DatasetReader, prepareAll } from "@reluctant/datasets";
import { BackendUnavailableError, createEngine } from "@reluctant/engine";
import { type Engine, type StageContext, stages, unattended } from "@reluctant/stages";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { skipFor } from "../skip-for.ts";
import { writeDataset } from "./dataset.ts";
import { type HalfRun, keptVersions, type Restored, restore } from "./restored.ts";

const open = (backend: BackendName): Promise<Engine> => createEngine({ backend, threads: 1, precision: "fp32" });

const withoutTorch = await open("torch").then(
  () => "",
  (error: unknown) => {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return error.message;
  },
);

describe.each(keptVersions)("a checkpoint of %s", (version) => {
  let folder: string;
  let data: DatasetReader;
  let kept: Restored;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "reluctant-kept-"));
    kept = await restore(version);
    await writeDataset(folder);
    const onUnusable = ({ name, reason }: UnusableDataset) => expect.fail(`${name}: ${reason}`);
    [data] = (await prepareAll({ folders: [folder], cacheDir: join(folder, "cache"), onUnusable })) as [DatasetReader];
  }, 60_000);
  afterAll(async () => {
    await data?.close();
    await kept?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a stage on from its kept checkpoint. */
  const goOn = ({ implementation, params, seed, inputs, checkpoint }: HalfRun, rest: Partial<StageContext>) =>
    stages[implementation].run({
      ...unattended,
      params,
      implementation,
      precision: "fp32",
      seed,
      inputs,
      data,
      engine: rest.engine as Engine,
      resumeFrom: checkpoint,
      ...rest,
    });

  it("is there of every implementation, behind its first step", () => {
    const found = new Set<string>(kept.halfRuns.map(({ implementation }) => implementation));
    expect([...found].sort()).toEqual(expect.arrayContaining(["train/sgd", "mask-search/snl", "distillation/senet++"]));
    expect(kept.halfRuns.filter(({ step, params }) => step < 1 || step >= params.steps)).toEqual([]);
  });

  const rewritten = async (backend: BackendName) => {
    const engine = await open(backend);
    for (const run of kept.halfRuns) {
      const taken: [number, Uint8Array][] = [];
      const checkpoint = async (step: number, bytes: Uint8Array) => void taken.push([step, bytes]);
      const report = { ...unattended.report, checkpoint };
      const output = await goOn(run, { engine, report, stopRequested: () => true });
      expect(output).toEqual({ outcome: "stopped", step: run.step });
      expect(taken.map(([step]) => step)).toEqual([run.step]);
      const [[, bytes]] = taken as [[number, Uint8Array]];
      expect(Buffer.from(bytes).equals(Buffer.from(run.checkpoint)), run.implementation).toBe(true);
    }
  };
  it("is written again byte for byte on wasm", { timeout: 120_000 }, () => rewritten("wasm"));

  describe("on torch", skipFor(withoutTorch), () => {
    it("is written again byte for byte", { timeout: 120_000 }, () => rewritten("torch"));

    it("is gone on from to the end", { timeout: 120_000 }, async () => {
      const engine = await open("torch");
      for (const run of kept.halfRuns) {
        const { params, implementation, step } = run;
        const began: number[] = [];
        const started = (first: number) => void began.push(first);
        const output = await goOn(run, { engine, report: { ...unattended.report, started } });
        expect(began, implementation).toEqual([step]);
        expect(output).toMatchObject({
          outcome: "succeeded",
          result: { kind: params.kind, images: params.steps * params.settings.batchSize },
        });
      }
    });
  });
});
