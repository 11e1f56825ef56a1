import { countOperators } from "@reluctant/tfjs-backend-torch";
import { batchOf, networkOf, openEngine, rates } from "./networks.ts";
import type { Found } from "./part.ts";

/** What one replayed step asks of libtorch, and what of it only moves elements. */
export async function step(): Promise<Found> {
  const engine = await openEngine();
  const found: Record<string, object> = {};
  for (const name of ["resnet20", "resnet18"]) {
    const student = networkOf(engine, name, 32);
    const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, ...rates });
    const batch = batchOf(2, 32);
    for (let i = 0; i < 4; i++) await trainer.step(batch, 0.05);
    const { operators, layoutCopies } = await countOperators(() => trainer.step(batch, 0.05));
    const total = Object.values(operators).reduce((sum, count) => sum + count, 0);
    found[name] = { operators: total, layoutCopies };
    engine.release();
  }
  return { ok: true, ...found };
}
