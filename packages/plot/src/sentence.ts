import type { FrontierAxis } from "@reluctant/contracts";
import { bestAr, recommend } from "@reluctant/relu";
import { axisWords } from "./axis.ts";
import type { PlotPoint } from "./group.ts";
import { budgetShare, count, percent } from "./numbers.ts";

/** What follows an accuracy that may be wrong. */
export const dagger = ({ suspect }: { suspect: string | null }): string => (suspect === null ? "" : " †");

/** What to take, as validation accuracy decides. Both accuracies stand there by name: the test part's decided nothing. */
export function plotSentence(axis: FrontierAxis, reached: PlotPoint[], totalRelus: number): string {
  const accuracies = (point: PlotPoint): string =>
    `validation ${percent(point.validationAccuracy, 1)}, test ${percent(point.accuracy, 1)}${dagger(point)}`;
  const found = recommend(reached, ({ cost }) => cost.value);
  if (!found) return nothingYet(axis, bestAr(reached), accuracies);
  const { point, ar, withinOnePoint } = found;
  const relus = `${count(point.reluCount)} ReLUs (${budgetShare(point.reluCount, totalRelus)})`;
  const cost = axis === "relus" ? relus : `${axisWords[axis].text(point.cost.value)}, ${relus}`;
  const described = `${cost}, ${accuracies(point)}`;
  if (!ar) return `Best on validation so far: ${described}.`;
  const least = axis === "relus" ? "Smallest budget" : `Least ${axisWords[axis].name.toLowerCase()}`;
  if (withinOnePoint) return `${least} within 1 point of AR on validation: ${described}.`;
  const none = axis === "relus" ? "No budget" : "No measured network";
  return `${none} is within 1 point of AR on validation (${percent(ar.validationAccuracy, 1)}); best: ${described}.`;
}

function nothingYet(axis: FrontierAxis, ar: PlotPoint | null, accuracies: (point: PlotPoint) => string): string {
  if (axis !== "relus") return "No network was measured yet: `reluctant pi EXPERIMENT` measures what one distilled.";
  return ar ? `AR reaches ${accuracies(ar)}; no budget has finished yet.` : "Nothing has finished yet.";
}
