import type { ArtifactRef } from "@reluctant/contracts";
import { completeAttempt, failAttempt, releaseAttempt } from "@reluctant/control";
import type { AttemptContext } from "./attempt-context.ts";
import { failureOf } from "./failure.ts";
import { persist } from "./persist.ts";
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
    if (stop.stale.aborted) return { as: "abandoned" };
    log.error({ err: error, ending: ending.as }, "the attempt's end could not be recorded");
    return ending.as === "succeeded"
      ? report({ as: "failed", failure: failureOf(error) }, context)
      : { as: "abandoned" };
  }
}

async function record(ending: Ending, { deps, ours, scratch, stop, log }: AttemptContext): Promise<Ending> {
  const write = <T>(command: () => Promise<T>) => persist(command, { signal: stop.stale, log });
  switch (ending.as) {
    case "failed":
      await write(() => failAttempt(deps, { ...ours, failure: ending.failure }));
      return ending;
    case "released":
      await write(() => releaseAttempt(deps, { ...ours, as: ending.release, step: ending.step }));
      return ending;
    case "succeeded": {
      const { result, files } = ending.message;
      const artifacts: ArtifactRef[] = [];
      for (const file of files) {
        artifacts.push(
          await write(() => upload({ artifacts: deps.artifacts, attemptId: ours.attemptId, scratch, file })),
        );
      }
      const { outcome } = await write(() => completeAttempt(deps, { ...ours, result, artifacts }));
      return outcome === "superseded" ? { as: "abandoned" } : ending;
    }
    case "abandoned":
      return ending;
  }
}
