import type { FromChild } from "@reluctant/contracts";
import { recordCheckpoint } from "@reluctant/control";
import type { AttemptContext } from "./attempt-context.ts";
import { persist } from "./persist.ts";
import { discard, upload } from "./uploads.ts";

type CheckpointMessage = Extract<FromChild, { type: "checkpoint" }>;

/** An attempt's checkpoints on their way to the store, one after another. */
export interface CheckpointUploads {
  add(message: CheckpointMessage): void;
  /** Resolves once each one added is kept or given up. Never rejects. */
  settled(): Promise<void>;
}

export function createCheckpointUploads({ deps, ours, scratch, stop, log }: AttemptContext): CheckpointUploads {
  let uploads = Promise.resolve();

  const keep = async ({ step, file }: CheckpointMessage): Promise<void> => {
    const { sha256 } = await upload({ artifacts: deps.artifacts, attemptId: ours.attemptId, scratch, file });
    if ((await recordCheckpoint(deps, { ...ours, step, sha256 })) === "stale") stop.give("stale");
  };

  return {
    add(message) {
      uploads = uploads
        .then(() => persist(() => keep(message), { signal: stop.stale, log }))
        .then(() => discard(message.file))
        .catch((err: unknown) => {
          if (!stop.stale.aborted) log.error({ err, step: message.step }, "a checkpoint could not be kept");
        });
    },
    settled: () => uploads,
  };
}
