/** What many steps leave behind: nothing, once the step is recorded and the caches are full. */
import type { StageData } from "@reluctant/stages";
import { torchInfo } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import type { Figure } from "../rows.ts";
import { startOurs } from "./compare.ts";

/** Small: how much a step leaves does not depend on how long it takes. */
const measured = { kind: "distillation", model: "resnet8", batch: 16, precision: "fp32" } as const;
const warmUp = 100;

export async function growth(data: StageData, steps: number): Promise<Figure[]> {
  const stage = await startOurs(measured, data);
  try {
    await stage.take(warmUp);
    const before = held();
    await stage.take(steps);
    const after = held();
    const what = `growth over ${steps} steps`;
    return [
      { case: `${what}/tensors`, value: after.tensors - before.tensors, unit: "tensors", atMost: 0 },
      { case: `${what}/torch`, value: after.torch - before.torch, unit: "MB", atMost: 0 },
      { case: `${what}/resident`, value: after.resident - before.resident, unit: "MB" },
    ];
  } finally {
    await stage.stop();
  }
}

const held = () => ({
  tensors: tf.memory().numTensors,
  torch: torchInfo().bytes / 2 ** 20,
  resident: process.memoryUsage.rss() / 2 ** 20,
});
