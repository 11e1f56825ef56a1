import type { FromChild } from "@reluctant/contracts";
import { recordCheckpoint } from "@reluctant/control";
import type { AttemptContext } from "./attempt-context.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { discard, upload } from "./uploads.ts";

type CheckpointMessage = Extract<FromChild, { type: "checkpoint" }>;

/** An attempt's checkpoints on their way to the store, one after another. */
export interface CheckpointUploads {
  add(message: CheckpointMessage): void;
  /** Resolves once each one added is kept or given up. Never rejects. */
  settled(): Promise<void>;
}

export function createCheckpointUploads({ deps, fence, scratch, stop, log }: AttemptContext): CheckpointUploads {
  let uploads = Promise.resolve();

  const keep = async ({ step, file }: CheckpointMessage): Promise<void> => {
    const { sha256 } = await upload({ artifacts: deps.artifacts, attemptId: fence.attemptId, scratch, file });
    if ((await recordCheckpoint(deps, { ...fence, step, sha256 })) === "stale") stop.give("stale");
  };

  return {
    add(message) {
      uploads = uploads
        .then(() => retryUnavailable(() => keep(message), { signal: stop.stale, log }))
        .then(() => discard(message.file))
        .catch((err: unknown) => {
          if (!stop.stale.aborted) log.error({ err, step: message.step }, "a checkpoint could not be kept");
        });
    },
    settled: () => uploads,
  };
}
