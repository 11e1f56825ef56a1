import type { ArtifactRef } from "@reluctant/contracts";
import { failAttempt, releaseAttempt } from "@reluctant/control";
import type { AttemptContext } from "./attempt-context.ts";
import { failureOf } from "./attempt-failure.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import type { Ending } from "./slot.ts";
import { upload } from "./uploads.ts";

/**
 * The last phase: tells Postgres how the attempt ended, waiting for it while the attempt is ours. Never rejects.
 * @returns what became of it there
 */
export async function report(ending: Ending, context: AttemptContext): Promise<Ending> {
  const { stop, log } = context;
  try {
    return await record(ending, context);
  } catch (error) {
    if (stop.stale.aborted) return { outcome: "abandoned" };
    log.error({ err: error, ending: ending.outcome }, "the attempt's end could not be recorded");
    return ending.outcome === "succeeded"
      ? report({ outcome: "failed", failure: failureOf(error) }, context)
      : { outcome: "abandoned" };
  }
}

async function record(ending: Ending, { deps, agent, fence, scratch, stop, log }: AttemptContext): Promise<Ending> {
  const write = <T>(command: () => Promise<T>) => retryUnavailable(command, { signal: stop.stale, log });
  switch (ending.outcome) {
    case "failed":
      await write(() => failAttempt(deps, { ...fence, failure: ending.failure }));
      return ending;
    case "released":
      await write(() => releaseAttempt(deps, { ...fence, as: ending.release, step: ending.step }));
      return ending;
    case "succeeded": {
      const { result, files } = ending.message;
      const artifacts: ArtifactRef[] = [];
      for (const file of files) {
        artifacts.push(
          await write(() => upload({ artifacts: deps.artifacts, attemptId: fence.attemptId, scratch, file })),
        );
      }
      const { outcome } = await write(() => agent.completeAttempt({ ...fence, result, artifacts }));
      return outcome === "superseded" ? { outcome: "abandoned" } : ending;
    }
    case "abandoned":
      return ending;
  }
}
