import type { StageRun, Trial } from "@reluctant/contracts";
import { short } from "@reluctant/plot";

/** What a stage run is for, in a few words: `senet 7.37k s1`, or `resnet8 s1` where several trials share it. */
export function labelOf(stageRun: StageRun, trials: readonly Trial[]): string {
  const served = trials.filter((trial) => trial.needs.some((need) => need.stageRunId === stageRun.id));
  const [first] = served;
  const budgets = new Set(served.map((trial) => trial.budget));
  if (!first || served.length > 1 || budgets.size > 1 || first.budget === null) {
    return `${stageRun.params.model} s${stageRun.seed}`;
  }
  return `${first.method} ${short(first.budget)} s${stageRun.seed}`;
}
