import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pyTorchModule } from "@reluctant/interchange";
import { batchSize, furthest, magnitude, stepOurs, stepTheirs } from "../../../test/conformance/one-step.ts";
import { randomNetwork } from "../../../test/conformance/random-network.ts";
import { startPython } from "../../../test/python.ts";
import { openExactEngine } from "./networks.ts";
import type { Found } from "./part.ts";

const networks = ["resnet8", "resnet18", "vgg16-bn"];

/** Weights and statistics after one step against those of PyTorch, on its CPU; relative to the largest of each tensor. */
export async function sgdStep(): Promise<Found> {
  const engine = await openExactEngine();
  const folder = await mkdtemp(join(tmpdir(), "reluctant-gpu-check-"));
  await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
  const peer = startPython(fileURLToPath(new URL("sgd_step.py", import.meta.url)), folder);
  const labels = Array.from({ length: batchSize }, (_, image) => image % 10);
  const errors: Record<string, number> = {};
  try {
    for (const name of networks) {
      const network = randomNetwork(name, 32, batchSize);
      const ours = await stepOurs(engine, network, labels);
      const theirs = await stepTheirs({ peer, folder }, network, labels);
      errors[name] = Math.max(
        ...[...ours].map(
          ([tensor, values]) => furthest(values, theirs.get(tensor) as Float32Array) / Math.max(1, magnitude(values)),
        ),
      );
      engine.release();
    }
  } finally {
    peer.stop();
    await rm(folder, { recursive: true });
  }
  return { ok: Object.values(errors).every((error) => error < 1e-5), errors };
}
