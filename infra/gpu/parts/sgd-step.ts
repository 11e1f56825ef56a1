import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { batchSize, furthest, stepOurs, stepTheirs } from "../../../test/conformance/one-step.ts";
import { randomNetwork } from "../../../test/conformance/random-network.ts";
import { openExactEngine } from "./networks.ts";
import type { Found } from "./part.ts";

const networks = ["resnet8", "resnet18", "vgg16-bn"];

/** Weights and statistics after one step against those of PyTorch, on its CPU; relative to the largest of each tensor. */
export async function sgdStep(): Promise<Found> {
  const engine = await openExactEngine();
  const folder = await mkdtemp(join(tmpdir(), "reluctant-gpu-check-"));
  const labels = Array.from({ length: batchSize }, (_, image) => image % 10);
  const errors: Record<string, number> = {};
  try {
    for (const name of networks) {
      const network = randomNetwork(name, 32, batchSize);
      const ours = await stepOurs(engine, network, labels);
      const theirs = await stepTheirs({ python: process.env.PYTHON || "python3", folder }, network, labels);
      errors[name] = Math.max(
        ...[...ours].map(([tensor, values]) => {
          const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          return furthest(values, theirs.get(tensor) as Float32Array) / scale;
        }),
      );
      engine.release();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { ok: Object.values(errors).every((error) => error < 1e-5), errors };
}
