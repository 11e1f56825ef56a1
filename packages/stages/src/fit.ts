import type { MetricPoint, TrainSettings } from "@reluctant/contracts";
import { stepsPerEpoch } from "@reluctant/relu";
import { trainingBatches } from "./batches.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { checkpointsDue } from "./checkpoints-due.ts";
import type { StageContext, TrainingContext } from "./context.ts";
import type { Network, StepOutcome, Trainer } from "./engine.ts";
import { badInput, StageFailure } from "./failure.ts";
import { Reporter } from "./reporter.ts";
import { learningRateAt } from "./schedule.ts";
import { StepsInFlight } from "./steps-in-flight.ts";
import type { Tensors } from "./tensors.ts";

export interface FitInput {
  context: TrainingContext;
  settings: TrainSettings;
  student: Network;
  trainer: Trainer;
  /** What the stage keeps beside weights and momenta; `load` gets what `save` gave. */
  state?: FitState;
  /**
   * Runs after the update of step number `step`, counted from 0: what it reads waits for that update, what it changes is
   * there for the next one. `done` ends the run before its last step.
   */
  afterStep?: (step: number) => Promise<AfterStep | undefined> | AfterStep | undefined;
  /** Hears the outcome of every step, in order, up to two steps later and before any checkpoint after it. */
  onOutcome?: (step: number, outcome: StepOutcome) => void;
}

export interface FitState {
  save(): Promise<{ tensors: Tensors; notes: unknown }> | { tensors: Tensors; notes: unknown };
  load(saved: { tensors: Tensors; notes: unknown }): void;
}

export interface AfterStep {
  points?: MetricPoint[];
  done?: boolean;
}

export type Fitted = { outcome: "finished"; steps: number; images: number } | { outcome: "stopped"; step: number };

/**
 * The training loop, the only one: every stage is this with an objective of its own and something to do after steps. The
 * device is given the next step while it computes the last, so outcomes are heard later; a step that is not finite changes
 * nothing, so that is soon enough.
 */
export async function fit(input: FitInput): Promise<Fitted> {
  const { context, settings, student, trainer, state, afterStep, onOutcome } = input;
  const { params, signal, stopRequested } = context;
  const batches = trainingBatches(context, settings);
  const first = resume(context, { student, trainer, state });
  context.report.started(first);
  context.report.log(
    `${params.kind} of ${params.model}: ${params.steps} steps of ${settings.batchSize} images, from step ${first}`,
  );
  const reporter = new Reporter(context.report, { totalSteps: params.steps, batchSize: settings.batchSize });
  const running = new StepsInFlight((step, outcome, { learningRate, points }) => {
    if (!outcome.finite) throw notFinite(step, outcome.loss);
    onOutcome?.(step, outcome);
    reporter.step(step + 1, { outcome, learningRate, points, waiting: batches.waitingShare() });
  });
  const due = checkpointsDue(context, stepsPerEpoch(context.data.size("train"), settings.batchSize));
  const takeCheckpoint = async (step: number) => {
    await running.awaitAtMost(0);
    await context.report.checkpoint(step, await checkpointOf(step, { student, trainer, state }));
    context.report.log(`checkpoint at step ${step}`);
    due.taken();
  };

  let step = first;
  try {
    for (let done = false; step < params.steps && !done; ) {
      signal.throwIfAborted();
      if (stopRequested()) {
        await takeCheckpoint(step);
        return { outcome: "stopped", step };
      }
      const learningRate = learningRateAt(step, params.steps, settings);
      const launched = running.launch(step, trainer.step(await batches.at(step), learningRate), learningRate);
      const after = await afterStep?.(step);
      launched.points.push(...(after?.points ?? []));
      done = after?.done ?? false;
      step += 1;
      await running.awaitAtMost(1); // one computes while the next is prepared
      if (step < params.steps && !done && due.at(step)) await takeCheckpoint(step);
      await yieldToEventLoop();
    }
    await running.awaitAtMost(0);
  } finally {
    await running.awaitAll();
  }
  reporter.flush();
  return { outcome: "finished", steps: step, images: step * settings.batchSize };
}

type Parts = Pick<FitInput, "student" | "trainer" | "state">;

/** The step to go on from: 0, or where the checkpoint was taken. */
function resume({ resumeFrom }: StageContext, { student, trainer, state }: Parts): number {
  if (!resumeFrom) return 0;
  return badInput("checkpoint", () => {
    const saved = decodeCheckpoint(resumeFrom);
    student.load(saved.weights);
    trainer.loadMomenta(saved.momenta);
    state?.load({ tensors: saved.extra, notes: saved.notes });
    return saved.step;
  });
}

async function checkpointOf(step: number, { student, trainer, state }: Parts): Promise<Uint8Array> {
  const { tensors, notes } = (await state?.save()) ?? { tensors: new Map(), notes: null };
  return encodeCheckpoint({
    step,
    weights: await student.read(),
    momenta: await trainer.readMomenta(),
    extra: tensors,
    notes,
  });
}

const notFinite = (step: number, loss: number) =>
  new StageFailure(
    "not-finite",
    `${Number.isFinite(loss) ? "a gradient is not finite" : `the loss is ${loss}`} at step ${step}; lower learningRate, or lengthen warmup`,
    step,
  );

/** Lets the event loop run once, so that messages from the supervisor are heard between steps. */
const yieldToEventLoop = () => new Promise<void>((resolve) => setImmediate(resolve));
