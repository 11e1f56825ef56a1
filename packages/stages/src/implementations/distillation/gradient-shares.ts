import type { MetricPoint } from "@reluctant/contracts";
import { trainingBatches } from "../../batches.ts";
import type { ContextOf } from "../../context.ts";
import type { Trainer } from "../../engine.ts";
import { StageFailure } from "../../failure.ts";
import type { LossShares } from "./loss-shares.ts";

/** Which terms pull at the student, and how hard: shares of the loss alone do not tell. */
export interface GradientShares {
  /** ‖∇ term‖₂ over the sum of those norms: sums to 1, and says nothing of directions. */
  shares: LossShares;
  points: MetricPoint[];
}

/**
 * Measured on the batch of step number `batch`, once `done` steps are done. Twice a run, at both its ends: together
 * that takes the time of 5.6 steps.
 * @throws StageFailure `not-finite` where a gradient is not
 */
export async function gradientShares(
  context: ContextOf<"distillation">,
  trainer: Trainer,
  { batch, done }: { batch: number; done: number },
): Promise<GradientShares> {
  const measured = await trainingBatches(context, context.params.settings).at(batch);
  const norms = await trainer.gradientNorms(measured);
  const total = norms.crossEntropy + norms.divergence + norms.pram;
  if (!Number.isFinite(total))
    throw new StageFailure("not-finite", `a gradient is not finite after ${done} steps; lower learningRate`, done);
  const share = (norm: number) => (total === 0 ? 0 : norm / total);
  const shares = {
    crossEntropy: share(norms.crossEntropy),
    divergence: share(norms.divergence),
    pram: share(norms.pram),
  };
  const named = { "cross-entropy": shares.crossEntropy, divergence: shares.divergence, pram: shares.pram };
  const percent = Object.entries(named).map(([name, value]) => `${name} ${Math.round(100 * value)} %`);
  context.report.log(`step ${done}: gradient ${percent.join(", ")}`);
  return {
    shares,
    points: Object.entries(named).map(([name, value]) => ({ series: `gradient/${name}`, step: done, value })),
  };
}
