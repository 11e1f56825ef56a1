import { imagesLimitFrom, type MetricPoint } from "@reluctant/contracts";
import type { StageContext } from "./context.ts";
import type { StepOutcome } from "./engine.ts";

/** Milliseconds between two reports: about four a second. */
const reportEvery = 250;
/** Milliseconds between two lines of the log: a training of hours stays readable. */
const logEvery = 5_000;
/** Milliseconds between two sampled steps: curves stay smooth, and a fast run does not flood the metrics table. */
const sampleEvery = 100;

export const waitingText = (waiting: number): string =>
  `waiting ${(100 * waiting).toFixed(1)} %${waiting >= imagesLimitFrom ? ", so reading images is what limits it" : ""}`;

interface StepReport {
  outcome: StepOutcome;
  learningRate: number;
  /** The stage's own points, which are never sampled away. */
  points: MetricPoint[];
  /** Share of the time so far that training waited for batches. */
  waiting: number;
}

/** Turns steps into progress and sampled metric points. What it samples depends on the clock; the values do not. */
export class Reporter {
  private readonly report: StageContext["report"];
  private readonly run: { totalSteps: number; batchSize: number };
  private points: MetricPoint[] = [];
  private last: { step: number; loss: number | null } = { step: 0, loss: null };
  private reported = { at: performance.now(), step: -1 };
  private sampledAt = Number.NEGATIVE_INFINITY;
  private loggedAt = performance.now();
  private imagesPerSecond = 0;
  private waiting = 0;

  constructor(report: StageContext["report"], run: { totalSteps: number; batchSize: number }) {
    this.report = report;
    this.run = run;
  }

  /** @param step steps done, this one included */
  step(step: number, { outcome, learningRate, points, waiting }: StepReport): void {
    const now = performance.now();
    if (this.reported.step < 0) this.reported.step = step - 1;
    this.last = { step, loss: outcome.loss };
    this.waiting = waiting;
    this.points.push(...points);
    if (now - this.sampledAt >= sampleEvery) {
      this.sampledAt = now;
      this.points.push(...this.sample(step, outcome, learningRate));
    }
    if (now - this.reported.at >= reportEvery) this.flush();
    if (now - this.loggedAt >= logEvery) {
      this.loggedAt = now;
      this.report.log(`${this.line(step, outcome)}  ${waitingText(waiting)}`);
    }
  }

  /** Reports what was gathered since the last report. */
  flush(): void {
    const now = performance.now();
    const { step, loss } = this.last;
    if (step === this.reported.step) return;
    const steps = step - Math.max(this.reported.step, 0);
    this.imagesPerSecond = (steps * this.run.batchSize * 1000) / Math.max(now - this.reported.at, 1);
    this.points.push({ series: "images-per-second", step, value: this.imagesPerSecond });
    this.points.push({ series: "waiting", step, value: this.waiting });
    this.report.progress(
      { step, totalSteps: this.run.totalSteps, imagesPerSecond: this.imagesPerSecond, loss },
      this.points,
    );
    this.points = [];
    this.reported = { at: now, step };
  }

  /** `step 1060/2000  loss 0.843  412 img/s  waiting 0.3 %` (for batches), and each term's share of the loss where there are several. */
  private line(step: number, { loss, crossEntropy, divergence, pram, reluPenalty }: StepOutcome): string {
    const shares = Object.entries({ "cross-entropy": crossEntropy, divergence, pram, kept: reluPenalty })
      .filter(([, value]) => value !== 0)
      .map(([name, value]) => `${name} ${Math.round((100 * value) / loss)} %`);
    return [
      `step ${step}/${this.run.totalSteps}`,
      `loss ${loss.toPrecision(3)}${shares.length > 1 ? ` (${shares.join(", ")})` : ""}`,
      `${Math.round(this.imagesPerSecond)} img/s`,
    ].join("  ");
  }

  private sample(step: number, outcome: StepOutcome, learningRate: number): MetricPoint[] {
    const { loss, crossEntropy, divergence, pram, reluPenalty, correct } = outcome;
    const values = { loss, accuracy: correct / this.run.batchSize, "learning-rate": learningRate };
    const terms =
      divergence || pram
        ? { "loss/cross-entropy": crossEntropy, "loss/divergence": divergence, "loss/pram": pram }
        : {};
    const penalty = reluPenalty ? { "loss/kept": reluPenalty } : {};
    return Object.entries({ ...values, ...terms, ...penalty }).map(([series, value]) => ({ series, step, value }));
  }
}
