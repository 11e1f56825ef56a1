import type { TradeOff } from "@reluctant/contracts";
import { type Mean, recommend } from "@reluctant/relu";

/** What is recommended of points that are means over seeds, as the API shows it: the cheapest by `cost`, or by ReLUs without. */
export function tradeOffOf(points: readonly (Mean & { cost?: number })[]): TradeOff | null {
  const found = recommend(points, ({ cost, reluCount }) => cost ?? reluCount);
  if (!found) return null;
  const { method, reluCount, validationAccuracy, testAccuracy } = found.point;
  const { withinOnePoint } = found;
  return {
    method,
    reluCount: Math.round(reluCount),
    decidedBy: "validation",
    withinOnePoint,
    validationAccuracy,
    testAccuracy,
  };
}
