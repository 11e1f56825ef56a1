/** What every stage keeps, whatever it computes: its numbers over stops and resumes, and its word when it fails. */

import { createHash } from "node:crypto";
import type { StageParams } from "@reluctant/contracts";
import type { StageArtifact } from "@reluctant/stages";
import { implementations as definitions } from "@reluctant/stages/definitions";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { realSteps } from "./test-data.ts";
import {
  type Implementation,
  params,
  type Run,
  succeeded,
  type TinyStages,
  tinyModel,
  tinyStages,
} from "./tiny-stages.ts";

/** Adam's steps are bounded, so under it only a loss that overflows at once is not finite. */
const wildSettings = (own: StageParams) =>
  own.kind === "mask-search" && (own.snl || own.autorep)
    ? { temperature: 1e-39 }
    : { learningRate: 100, warmup: 0, momentum: 0.99, weightDecay: 1 };
/** Every one; README tells by the list what runs real steps in tests. */
const implementations = realSteps.resnet8 as Implementation[];

/** Of a safetensors file: its length, and the names, shapes and notes. */
const headerBytes = (file: Uint8Array): number =>
  8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
const digests = (artifacts: StageArtifact[]) =>
  artifacts.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));

let tiny: TinyStages;
beforeAll(async () => {
  tiny = await tinyStages();
}, 120_000);

describe.each(implementations)("%s", (implementation) => {
  it("ends with the same bytes and numbers however often it is stopped and resumed, and leaves no tensor", async () => {
    const straight = succeeded(await tiny.plainRun(implementation));
    let resumeFrom: Uint8Array | null = null;
    for (const stopAt of [4, 5]) {
      let asked = 0;
      const from: number = stopAt === 4 ? 0 : 4;
      const stopped: Run = await tiny.run(implementation, {
        resumeFrom,
        stopRequested: () => asked++ === stopAt - from,
      });
      expect(stopped.output).toEqual({ outcome: "stopped", step: stopAt });
      resumeFrom = stopped.checkpoints.at(-1)?.bytes ?? null;
    }
    const resumed = succeeded(await tiny.run(implementation, { resumeFrom }));
    expect(resumed.result).toEqual(straight.result);
    expect(digests(resumed.artifacts)).toEqual(digests(straight.artifacts));
    expect(tf.memory().numTensors).toBe(0);
  });

  it("changes no number by taking a checkpoint at every step", async () => {
    const { output, checkpoints } = await tiny.run(implementation, { checkpointSeconds: 0 }).then((one) => ({
      ...one,
      output: succeeded(one),
    }));
    expect(checkpoints.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const largest = Math.max(...checkpoints.map(({ bytes }) => bytes.length - headerBytes(bytes)));
    const told = definitions[implementation].checkpointBytes(tinyModel(), params[implementation]);
    expect(Math.abs(largest / told - 1)).toBeLessThan(0.01); // a descent's holds files, whose own headers are 0.5 % here
    expect(digests(output.artifacts)).toEqual(digests(succeeded(await tiny.plainRun(implementation)).artifacts));
  });

  it("rejects within one step of an abort, and frees the device", async () => {
    const controller = new AbortController();
    let steps = 0;
    const stopRequested = () => {
      if (++steps === 3) controller.abort(new Error("the lease is gone"));
      return false;
    };
    await expect(tiny.run(implementation, { signal: controller.signal, stopRequested })).rejects.toThrow(
      "the lease is gone",
    );
    expect(steps).toBe(3);
    expect(tf.memory().numTensors).toBe(0);
  });

  it("reports progress up to its last step", async () => {
    expect((await tiny.plainRun(implementation)).progress.at(-1)).toBe(9);
  });
});

/** Those that train; what only measures has no loss. */
const trained = implementations.filter((implementation) => implementation !== "mask-search/magnitude");
describe.each(trained)("%s", (implementation) => {
  it("ends a run whose loss is not finite with its step, as a failure that is not retried", async () => {
    const own = params[implementation];
    const wild = { ...own, settings: { ...own.settings, ...wildSettings(own) } } as StageParams;
    const failure = await tiny.run(implementation, { params: { ...wild, steps: 300 } as StageParams }).then(
      () => null,
      (error) => error.failure,
    );
    expect(failure).toMatchObject({ code: "not-finite", fatal: true });
    expect(failure.step).toBeGreaterThanOrEqual(own.kind === "mask-search" ? 0 : 1);
  });
});

it("runs every implementation that there is", () => {
  const training = Object.entries(params).filter(([, { steps }]) => steps > 0); // imported.test.ts runs the others
  expect(implementations).toEqual(training.map(([name]) => name));
});
