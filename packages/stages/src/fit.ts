import type { MetricPoint, TrainSettings } from "@reluctant/contracts";
import { stepsPerEpoch } from "@reluctant/relu";
import { trainingBatches } from "./batches.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { StageContext } from "./context.ts";
import type { Network, StepOutcome, Trainer } from "./engine.ts";
import { badInput, StageFailure } from "./failure.ts";
import { Reporter } from "./reporter.ts";
import { learningRateAt } from "./schedule.ts";
import type { Tensors } from "./tensors.ts";

export interface FitInput {
  context: StageContext;
  settings: TrainSettings;
  student: Network;
  trainer: Trainer;
  /** What the stage keeps beside weights and momenta; `load` gets what `save` gave. */
  state?: FitState;
  /** Runs after the update of step number `step`, counted from 0. `done` ends the run before its last step. */
  afterStep?: (step: number, outcome: StepOutcome) => Promise<AfterStep | undefined> | AfterStep | undefined;
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

/** The training loop, the only one: every stage is this with an objective of its own and something to do after steps. */
export async function fit({ context, settings, student, trainer, state, afterStep }: FitInput): Promise<Fitted> {
  const { params, signal, stopRequested } = context;
  const batchAt = trainingBatches(context, settings);
  let step = resume(context, { student, trainer, state });
  context.report.started(step);
  context.report.log(
    `${params.kind} of ${params.model}: ${params.steps} steps of ${settings.batchSize} images, from step ${step}`,
  );
  const reporter = new Reporter(context.report, { totalSteps: params.steps, batchSize: settings.batchSize });
  const takeCheckpoint = async () => {
    await context.report.checkpoint(step, await checkpointOf(step, { student, trainer, state }));
    context.report.log(`checkpoint at step ${step}`);
  };
  let savedAt = performance.now();
  const epochSteps = stepsPerEpoch(context.data.size("train"), settings.batchSize);
  // An epoch's end is the better moment, so it may come early; on a GPU small epochs last a second, so not much.
  const checkpointIsDue = (at: number, elapsedMs: number) =>
    elapsedMs >= context.checkpointSeconds * (at % epochSteps === 0 ? 250 : 1000);

  let batch = step < params.steps ? batchAt(step) : null;
  while (batch) {
    signal.throwIfAborted();
    if (stopRequested()) {
      await takeCheckpoint();
      return { outcome: "stopped", step };
    }
    const learningRate = learningRateAt(step, params.steps, settings);
    const stepping = trainer.step(batch, learningRate);
    batch = step + 1 < params.steps ? batchAt(step + 1) : null; // prepared while the device computes
    const outcome = await stepping;
    if (!outcome.finite) throw notFinite(step, outcome.loss);
    const after = await afterStep?.(step, outcome);
    step += 1;
    reporter.step(step, { outcome, learningRate, points: after?.points ?? [] });
    if (after?.done) break;
    if (batch && checkpointIsDue(step, performance.now() - savedAt)) {
      await takeCheckpoint();
      savedAt = performance.now();
    }
    await turn();
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
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
