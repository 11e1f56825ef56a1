import type { StageRun, Trial } from "@reluctant/contracts";
import { compact, stageSubjects } from "@reluctant/plot";

/** What a stage run is for, in a few words: `senet 7.37k s1`, or `resnet8 s1` for what every budget shares. */
export function stageLabel(stageRun: StageRun, trials: readonly Trial[]): string {
  const { methods, budgets, model, seed } = stageSubjects(trials)(stageRun);
  const [budget, ...others] = budgets;
  if (methods.length === 0 || budget === undefined) return `${model} s${seed}`;
  const asked = others.length === 0 ? compact(budget) : `${budgets.length} budgets`;
  return `${methods.join(", ")} ${asked} s${seed}`;
}
