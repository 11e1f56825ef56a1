import type { MetricPoint } from "@reluctant/contracts";
import type { StepOutcome } from "./engine.ts";

export interface LaunchedStep {
  learningRate: number;
  /** The stage's own, of this step. */
  points: MetricPoint[];
}

interface InFlight extends LaunchedStep {
  step: number;
  outcome: Promise<StepOutcome>;
}

/** Steps whose outcome has not been heard, oldest first. */
export class StepsInFlight {
  private readonly queue: InFlight[] = [];
  private readonly onOutcome: (step: number, outcome: StepOutcome, launched: LaunchedStep) => void;

  /** @param onOutcome hears every outcome, in the order of the steps */
  constructor(onOutcome: (step: number, outcome: StepOutcome, launched: LaunchedStep) => void) {
    this.onOutcome = onOutcome;
  }

  launch(step: number, outcome: Promise<StepOutcome>, learningRate: number): LaunchedStep {
    outcome.catch(() => {}); // heard by `awaitAtMost`, or of no interest to a run that has ended
    const launched = { step, outcome, learningRate, points: [] };
    this.queue.push(launched);
    return launched;
  }

  /** Waits until at most `left` steps are in flight. @throws what a step, or `onOutcome`, throws */
  async awaitAtMost(left: number): Promise<void> {
    for (let next = this.queue[0]; next && this.queue.length > left; next = this.queue[0]) {
      const outcome = await next.outcome;
      this.queue.shift();
      this.onOutcome(next.step, outcome, next);
    }
  }

  /** Waits for what a run that ends early leaves in flight, and hears none of it. */
  async awaitAll(): Promise<void> {
    await Promise.allSettled(this.queue.map(({ outcome }) => outcome));
  }
}
