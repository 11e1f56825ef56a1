import { supportedPrecisions } from "@reluctant/tfjs-backend-torch";
import { batchOf, networkOf, onCuda, openEngine, rates } from "./networks.ts";
import type { Found } from "./part.ts";

/** Images a second of replayed training steps, and what the same bits each time cost. */
export async function throughput(): Promise<Found> {
  await openEngine();
  const cases = onCuda()
    ? [
        { name: "resnet20", size: 128 },
        { name: "resnet18", size: 512 },
      ]
    : [{ name: "resnet20", size: 16 }];
  const rows = [];
  for (const { name, size } of cases) {
    for (const precision of supportedPrecisions()) {
      for (const deterministic of onCuda() ? [false, true] : [false]) {
        const imagesPerSecond = await measure(name, size, { precision, deterministic });
        rows.push({ case: `train/${name}/b${size}/${precision}`, deterministic, imagesPerSecond });
      }
    }
  }
  return { ok: rows.every(({ imagesPerSecond }) => imagesPerSecond > 0), rows };
}

async function measure(name: string, size: number, options: { precision: "fp32" | "bf16"; deterministic: boolean }) {
  const engine = await openEngine(options);
  const trainer = engine.trainer({ student: networkOf(engine, name, 32), objective: { crossEntropy: 1 }, ...rates });
  const batch = batchOf(size, 32);
  for (let i = 0; i < 5; i++) await trainer.step(batch, 0.01);
  const start = performance.now();
  let steps = 0;
  while (performance.now() - start < 3_000) {
    await Promise.all([trainer.step(batch, 0.01), trainer.step(batch, 0.01)]); // two in flight, as a training has
    steps += 2;
  }
  const imagesPerSecond = Math.round((1000 * steps * size) / (performance.now() - start));
  engine.release();
  return imagesPerSecond;
}
