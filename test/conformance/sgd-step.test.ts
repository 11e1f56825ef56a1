/** One training step of every model family against PyTorch's, from the same weights, masks and images. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@reluctant/engine";
import { pyTorchModule } from "@reluctant/interchange";
import type { Engine } from "@reluctant/stages";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { noPyTorch, type PythonProcess, startPython } from "../python.ts";
import { skipFor } from "../skip-for.ts";
import { batchSize, furthest, magnitude, stepOurs, stepTheirs } from "./one-step.ts";
import { networks, randomNetwork } from "./random-network.ts";

describe("one SGD step", skipFor(noPyTorch), () => {
  let engine: Engine;
  let folder: string;
  let peer: PythonProcess;
  beforeAll(async () => {
    engine = await createEngine({ threads: 1, precision: "fp32" });
    folder = await mkdtemp(join(tmpdir(), "reluctant-sgd-step-"));
    await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
    peer = startPython(join(import.meta.dirname, "sgd_step.py"), folder);
  });
  afterEach(() => engine.release());
  afterAll(() => {
    peer.stop();
    return rm(folder, { recursive: true });
  });

  it.each(networks)(
    "leaves every tensor of %s at %d pixels where PyTorch leaves it",
    async (name, side) => {
      const random = randomNetwork(name, side, batchSize);
      const labels = Array.from({ length: batchSize }, (_, image) => image % 10);
      const ours = await stepOurs(engine, random, labels);
      const theirs = await stepTheirs({ peer, folder }, random, labels);
      expect([...theirs.keys()]).toEqual([...ours.keys()]);
      for (const [tensor, values] of ours) {
        const before = random.weights.get(tensor)?.values as Float32Array;
        const scale = Math.max(1, magnitude(values));
        expect(furthest(values, theirs.get(tensor) as Float32Array) / scale, tensor).toBeLessThan(1e-5);
        expect(furthest(values, before), `${tensor} moved`).toBeGreaterThan(0);
      }
    },
    120_000,
  );
});
