import type { StageRun, Trial } from "@reluctant/contracts";
import { short } from "@reluctant/plot";

/** What a stage run is for, in a few words: `senet 7.37k s1`, or `resnet8 s1` for what every budget shares. */
export function labelOf(stageRun: StageRun, trials: readonly Trial[]): string {
  const ofTheSeed = stageRun.kind === "train" || stageRun.kind === "sensitivity";
  const served = trials.filter((trial) => trial.needs.some((need) => need.stageRunId === stageRun.id));
  const [first] = served;
  if (ofTheSeed || !first || served.length > 1 || first.budget === null) {
    return `${stageRun.params.model} s${stageRun.seed}`;
  }
  return `${first.method} ${short(first.budget)} s${stageRun.seed}`;
}
