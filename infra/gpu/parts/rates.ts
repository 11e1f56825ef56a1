/** Images a second of training steps in bf16, ours and PyTorch's, on the same networks and the same shapes. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pyTorchFile, pyTorchModule, readNetwork } from "@reluctant/interchange";
import { models, reluLayers } from "@reluctant/relu";
import { encodeStudent, initialWeights } from "@reluctant/stages";
import { supportedPrecisions, torchInfo } from "@reluctant/tfjs-backend-torch";
import { python } from "../../../test/python.ts";
import { batchOf, classes, networkOf, onCuda, openEngine, rates } from "./networks.ts";
import type { Found, Part } from "./part.ts";

const shapes = {
  resnet18: { side: 32, size: 512 },
  resnet20: { side: 32, size: 512 },
  resnet50: { side: 224, size: 128 },
};
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];

/** Seconds that steps are counted for, after those in which libraries choose their algorithms. */
const seconds = () => (onCuda() ? 6 : 1);

/** A CPU shows that the parts work, no more. */
const shapeOf = (name: Name) => (onCuda() ? shapes[name] : { side: Math.min(shapes[name].side, 64), size: 2 });

async function ours(name: Name): Promise<Found> {
  await openEngine();
  const precision = supportedPrecisions().at(-1) as "fp32" | "bf16";
  const engine = await openEngine({ precision });
  const { side, size } = shapeOf(name);
  const trainer = engine.trainer({ student: networkOf(engine, name, side), objective: { crossEntropy: 1 }, ...rates });
  const batch = batchOf(size, side);
  for (let i = 0; i < 6; i++) await trainer.step(batch, 0.01);
  const start = performance.now();
  let steps = 0;
  while (performance.now() - start < 1000 * seconds()) {
    await Promise.all([trainer.step(batch, 0.01), trainer.step(batch, 0.01)]); // two in flight, as a training has
    steps += 2;
  }
  const imagesPerSecond = Math.round((1000 * steps * size) / (performance.now() - start));
  return { ok: imagesPerSecond > 0, ...caseOf(name), precision, imagesPerSecond, peakBytes: torchInfo().peakBytes };
}

/** @param mode "eager" or "compiled" */
const theirs =
  (mode: string) =>
  async (name: Name): Promise<Found> => {
    await openEngine(); // tells which device there is; PyTorch takes the same
    const folder = await mkdtemp(join(tmpdir(), "reluctant-gpu-check-"));
    try {
      const { side, size } = shapeOf(name);
      const model = (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], classes);
      const masks = reluLayers(model).map(({ units }) => new Uint8Array(units).fill(1));
      const network = readNetwork(encodeStudent(model, initialWeights(model, 1), masks));
      await writeFile(join(folder, "network.safetensors"), pyTorchFile(network));
      await writeFile(join(folder, pyTorchModule.name), await pyTorchModule.read());
      const script = fileURLToPath(new URL("rate.py", import.meta.url));
      const task = JSON.stringify({ mode, side, size, classes, seconds: seconds() });
      const env = { ...process.env, PYTHONPATH: folder };
      const { stdout } = await promisify(execFile)(python, [script, task], { cwd: folder, env });
      return { ok: true, ...caseOf(name), ...JSON.parse(stdout.trim().split("\n").at(-1) as string) };
    } finally {
      await rm(folder, { recursive: true });
    }
  };

const caseOf = (name: Name) => {
  const { side, size } = shapeOf(name);
  return { case: `train/${name}/${side}/b${size}`, device: torchInfo().device };
};

const measures = { ours, eager: theirs("eager"), compiled: theirs("compiled") };

/** `resnet18-ours`, `resnet18-eager`, … */
export const rateParts: Record<string, Part> = Object.fromEntries(
  Object.entries(measures).flatMap(([form, measure]) => names.map((name) => [`${name}-${form}`, () => measure(name)])),
);
