import type { TradeOff } from "@reluctant/contracts";
import { type Mean, recommend } from "@reluctant/relu";

/** What is recommended of points that are means over seeds, as the API shows it. */
export function tradeOffOf(points: readonly Mean[]): TradeOff | null {
  const found = recommend(points);
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
