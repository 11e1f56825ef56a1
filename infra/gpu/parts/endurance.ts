import { torchInfo } from "@reluctant/tfjs-backend-torch";
import { batchOf, networkOf, onCuda, openEngine, rates } from "./networks.ts";
import type { Found } from "./part.ts";

const steps = 1_000;
const warm = 200;

/** Memory after a few steps and after 1,000. */
export async function endurance(): Promise<Found> {
  const engine = await openEngine();
  const [name, side, size] = onCuda() ? ["resnet20", 32, 128] : ["resnet8", 8, 2];
  const student = networkOf(engine, name as string, side as number);
  const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
  const batch = batchOf(size as number, side as number);
  let before = usage();
  for (let step = 1; step <= steps; step++) {
    await trainer.step(batch, 0.001);
    if (step === warm) before = usage();
  }
  const after = usage();
  const grown = after.residentBytes - before.residentBytes;
  const flat = after.tensors === before.tensors && after.heldBytes === before.heldBytes;
  return { ok: flat && grown < 64e6, steps, before, after };
}

function usage() {
  const { tensors, bytes, heldBytes } = torchInfo();
  return { tensors, bytes, heldBytes, residentBytes: process.memoryUsage.rss() };
}
