import type { EngineInfo, FromChild, Progress } from "@reluctant/contracts";
import { appendLog, writeMetrics } from "@reluctant/control";
import type { AttemptContext } from "./attempt-context.ts";
import { createCheckpointUploads } from "./checkpoint-uploads.ts";
import { createLogBuffer } from "./log-buffer.ts";
import { createMetricsBuffer } from "./metrics-buffer.ts";
import { startPeriodicFlush } from "./periodic-flush.ts";
import type { TerminalMessage } from "./slot.ts";

/** What an attempt's child tells, on its way to Postgres. */
export interface ChildMessages {
  readonly progress: Progress | undefined;
  /** The last one known. */
  readonly step: number | null;
  readonly terminal: TerminalMessage | null;
  onMessage(message: FromChild): void;
  onOutput(bytes: Uint8Array): void;
  /** Resolves once each checkpoint is kept or given up. Never rejects. */
  checkpointsSettled(): Promise<void>;
  /** Writes what is left of metrics and log, unless the attempt is not ours any more. Never rejects. */
  finish(): Promise<void>;
}

/** @param onEngine told what the child computes with, before it does */
export function receiveMessages(context: AttemptContext, onEngine: (engine: EngineInfo) => void): ChildMessages {
  const { deps, fence, stop, log } = context;
  const logs = createLogBuffer((chunk) => appendLog(deps, { ...fence, ...chunk }));
  const metrics = createMetricsBuffer((points) => writeMetrics(deps, { ...fence, points }));
  const flushing = startPeriodicFlush({ flushes: [metrics.flush, logs.flush], onStale: () => stop.give("stale"), log });
  const checkpoints = createCheckpointUploads(context);
  let progress: Progress | undefined;
  let step: number | null = null;
  let terminal: TerminalMessage | null = null;

  const onMessage = (message: FromChild) => {
    switch (message.type) {
      case "ready":
        log.info({ engine: message.engine }, "the training process is ready");
        return onEngine(message.engine);
      case "started":
        step = message.step;
        return;
      case "progress":
        progress = message.progress;
        step = message.progress.step;
        return metrics.add(message.points);
      case "log":
        return logs.line(message.line);
      case "checkpoint":
        return checkpoints.add(message);
      case "succeeded":
        terminal = message;
        return metrics.add(message.points);
      case "failed":
      case "stopped":
        terminal = message;
    }
  };

  return {
    get progress() {
      return progress;
    },
    get step() {
      return step;
    },
    get terminal() {
      return terminal;
    },
    onMessage,
    onOutput: logs.write,
    checkpointsSettled: checkpoints.settled,
    async finish() {
      await flushing.finish(stop.stale).catch((err: unknown) => {
        if (!stop.stale.aborted) log.error({ err }, "metrics or logs of the attempt are not complete");
      });
    },
  };
}
