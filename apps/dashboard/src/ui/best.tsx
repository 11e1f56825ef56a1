import type { TradeOff } from "@reluctant/contracts";
import { compact, percent } from "@reluctant/plot";

/** What is recommended, with both accuracies by name: only one of them decided. */
export const Best = ({ method, reluCount, decidedBy, withinOnePoint, ...accuracy }: TradeOff) => (
  <span
    className="best"
    title={`${method}, ${withinOnePoint ? "smallest budget within 1 point of AR" : "most accurate"} on ${decidedBy}`}
  >
    {compact(reluCount)} ReLUs
    <small>
      val {percent(accuracy.validationAccuracy, 1)}, test {percent(accuracy.testAccuracy, 1)}
    </small>
  </span>
);
