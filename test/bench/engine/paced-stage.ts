/**
 * A worker's stage that takes a step when it is granted one: what a bench measures is then the very function that workers
 * run, with all that belongs to its step, from gathering the batch to hearing the outcome.
 */
import { type Engine, type StageContext, type StageOutput, stages, unattended } from "@reluctant/stages";
import type { StageRun } from "./cases.ts";

/** What is measured: training steps, or batches evaluated after the stage's training. */
export type Unit = "step" | "evaluated batch";

export interface PacedStage {
  /** Resolves when as many more units are done. @throws what the stage throws */
  take(units: number): Promise<void>;
  /** What the stage comes to, once it was granted all its steps. */
  readonly output: Promise<StageOutput>;
  /** Ends the stage, wherever it is. */
  stop(): Promise<void>;
}

export function paceStage({ run, unit, engine, data }: PacedRun): PacedStage {
  const pace = new Pace();
  const output = stages[run.implementation].run({
    ...run,
    data: unit === "step" ? data : endless(data),
    engine: paced(engine, unit, pace),
    ...unattended,
  });
  const failed = new Promise<never>((_, reject) => void output.catch(reject));
  failed.catch(() => {}); // heard by `take` and by who asks for the output
  return {
    take: (units) => Promise.race([pace.grant(units), failed]),
    output,
    async stop() {
      pace.end();
      await output.catch((error: unknown) => {
        if (error !== ended) throw error;
      });
    },
  };
}

export interface PacedRun {
  run: StageRun;
  unit: Unit;
  engine: Engine;
  data: StageContext["data"];
}

const ended = new Error("the measurement is over");

/** Calls wait until they are granted. */
class Pace {
  private granted = 0;
  private started = 0;
  private landed = 0;
  private over = false;
  private waiting: (() => void)[] = [];
  private heard: { at: number; resolve: () => void } | null = null;

  grant(calls: number): Promise<void> {
    this.granted += calls;
    const done = new Promise<void>((resolve) => {
      this.heard = { at: this.granted, resolve };
    });
    for (const go of this.waiting.splice(0)) go();
    return done;
  }

  end(): void {
    this.over = true;
    for (const go of this.waiting.splice(0)) go();
  }

  async call<T>(run: () => Promise<T>): Promise<T> {
    const place = this.started++;
    while (!this.over && place >= this.granted) await new Promise<void>((go) => this.waiting.push(go));
    if (this.over) throw ended;
    const outcome = await run();
    this.landed += 1;
    if (this.heard && this.landed >= this.heard.at) this.heard.resolve();
    return outcome;
  }
}

/** The engine, whose networks and trainers ask before they do what is measured. */
function paced(engine: Engine, unit: Unit, pace: Pace): Engine {
  const asking = <O extends object, K extends keyof O>(object: O, method: K): O => {
    const own = (object[method] as (...inputs: unknown[]) => Promise<unknown>).bind(object);
    return Object.assign(object, { [method]: (...inputs: unknown[]) => pace.call(() => own(...inputs)) });
  };
  return {
    info: engine.info,
    network: (options) => {
      const network = engine.network(options);
      return unit === "step" ? network : asking(network, "countCorrect");
    },
    narrowed: (network, model) => engine.narrowed(network, model),
    trainer: (options) => {
      const trainer = engine.trainer(options);
      return unit === "step" ? asking(trainer, "step") : trainer;
    },
    release: () => engine.release(),
  };
}

/** As if the splits to evaluate had no end: evaluation goes over each once. */
const endless = (data: StageContext["data"]): StageContext["data"] => ({
  version: data.version,
  classes: data.classes,
  inputShape: data.inputShape,
  mean: data.mean,
  std: data.std,
  streamed: data.streamed,
  size: (split) => (split === "train" ? data.size(split) : Number.MAX_SAFE_INTEGER),
  order: (seed, epoch) => data.order(seed, epoch),
  batch: (split, indices) =>
    data.batch(
      split,
      indices.map((index) => index % data.size(split)),
    ),
});
