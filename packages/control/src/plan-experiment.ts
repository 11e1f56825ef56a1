import type { ExperimentSpec, PlanAnswer } from "@reluctant/contracts";
import { liveStageRuns } from "@reluctant/db";
import { reluCount } from "@reluctant/relu";
import type { Caller, Deps } from "./deps.ts";
import { planSpec, refuseUnknownArtifacts } from "./plan-spec.ts";

/** What a spec would become if it were submitted now. Writes nothing. */
export async function planExperiment(
  deps: Deps,
  { identity, spec }: { identity: Caller; spec: ExperimentSpec },
): Promise<PlanAnswer> {
  await refuseUnknownArtifacts(deps, identity, spec);
  const plan = await planSpec(deps.db.prisma, identity, spec);
  const keys = plan.stageRuns.map(({ stageKey }) => ({ stageKey, scopeTeamId: plan.scopes.get(stageKey) ?? null }));
  const live = new Map(
    (await liveStageRuns(deps.db.prisma, JSON.stringify(keys))).map((run) => [run.stageKey, run.state]),
  );
  const trials = new Map<string, number>();
  for (const stageKey of plan.trials.flatMap(({ stageKeys }) => stageKeys))
    trials.set(stageKey, (trials.get(stageKey) ?? 0) + 1);
  return {
    datasetVersion: plan.dataset.sha256,
    reluCount: reluCount(plan.model),
    trials: plan.trials,
    stageRuns: plan.stageRuns.map(({ stageKey, kind, implementation, params, seed }) => ({
      stageKey,
      kind,
      implementation,
      steps: params.steps,
      images: params.steps * params.settings.batchSize,
      seed,
      trials: trials.get(stageKey) ?? 0,
      known: knownAs(live.get(stageKey)),
    })),
  };
}

function knownAs(state: string | undefined): "cached" | "shared" | null {
  if (state === undefined) return null;
  return state === "succeeded" ? "cached" : "shared";
}
