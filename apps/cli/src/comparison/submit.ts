import type { ExperimentSpecInput } from "@reluctant/contracts";
import { canonicalJson } from "@reluctant/relu";
import type { Client } from "@reluctant/sdk";
import { experimentSpecSchema, storedSpecSchema } from "@reluctant/stages/definitions";

/** The experiment of an earlier run that asked for the same stage runs; one that was cancelled or failed, anew. */
export async function findOrSubmit(client: Client, spec: ExperimentSpecInput): Promise<{ id: string }> {
  const planned = await client.experiments.plan(spec);
  for await (const { id, name, state } of client.experiments.all({ search: spec.name })) {
    if (name !== spec.name || state === "cancelled" || state === "failed") continue;
    if (isSameRequest(await client.experiments.get(id), spec, planned)) return { id };
  }
  return client.experiments.submit(spec);
}

/** By what the specs mean and what came of them, for a file's spelling may have changed since: `seeds: 1` is `[1]` now. */
export function isSameRequest(
  earlier: SubmittedExperiment,
  wanted: ExperimentSpecInput,
  planned: Pick<SubmittedExperiment, "stageRuns">,
): boolean {
  const stored = storedSpecSchema.safeParse(earlier.spec);
  return (
    stored.success &&
    canonicalJson(stored.data) === canonicalJson(experimentSpecSchema.parse(wanted)) &&
    keysOf(earlier.stageRuns) === keysOf(planned.stageRuns)
  );
}

interface SubmittedExperiment {
  spec: unknown;
  stageRuns: readonly { stageKey: string }[];
}

const keysOf = (stageRuns: SubmittedExperiment["stageRuns"]): string =>
  stageRuns
    .map(({ stageKey }) => stageKey)
    .sort()
    .join();
