import { fullVariant, type NeedOrigin, type StageRunState } from "@reluctant/contracts";
import { insertStageRunInputs, insertStageRuns, shareLiveStageRuns, type Tx, unblockStageRuns } from "@reluctant/db";
import type { PlannedStageRun } from "@reluctant/relu";
import type { PlannedSpec } from "./plan-spec.ts";

export interface WrittenStageRun {
  id: string;
  state: StageRunState;
  /** How the first trial that needs it comes by it. */
  origin: NeedOrigin;
}

/** A run may end between two statements of ours, so look again; more than twice in a row does not happen. */
const maxLooks = 5;

/**
 * Writes the plan's stage runs that no live one stands for and answers all of them by stage key, held so that none ends
 * before this transaction does. Two identical plans submitted together share every run.
 */
export async function writeStageRuns(t: Tx, plan: PlannedSpec, pool: string): Promise<Map<string, WrittenStageRun>> {
  const rows = JSON.stringify(plan.stageRuns.map((run) => stageRunRow(run, plan.scopes)));
  const created = new Set<string>();
  for (let look = 0; look < maxLooks; look++) {
    for (const { id } of await insertStageRuns(t, rows, pool)) created.add(id);
    const live = await shareLiveStageRuns(t, rows);
    if (live.length < plan.stageRuns.length) continue;
    const runs = new Map(
      live.map((run) => [run.stageKey, { ...run, origin: originOf(run.state, created.has(run.id)) }]),
    );
    await connect(t, plan.stageRuns, runs, created);
    return runs;
  }
  throw new Error("stage runs of this plan kept ending while it was written; submit again");
}

const stageRunRow = (run: PlannedStageRun, scopes: PlannedSpec["scopes"]) => ({
  ...run,
  scopeTeamId: scopes.get(run.stageKey) ?? null,
  waitingFor: Object.values(run.inputs).filter((input) => "stageKey" in input).length,
});

function originOf(state: StageRunState, created: boolean): NeedOrigin {
  if (created) return "ran";
  return state === "succeeded" ? "cached" : "shared";
}

/** Writes the edges of the new stage runs, then counts which inputs are there already. */
async function connect(
  t: Tx,
  planned: readonly PlannedStageRun[],
  runs: Map<string, WrittenStageRun>,
  created: ReadonlySet<string>,
): Promise<void> {
  const edges = planned.flatMap(({ stageKey, inputs }) => {
    const stageRunId = runOf(runs, stageKey).id;
    if (!created.has(stageRunId)) return [];
    return Object.entries(inputs).map(([name, input]) => ({
      stageRunId,
      name,
      sourceStageRunId: "stageKey" in input ? runOf(runs, input.stageKey).id : null,
      variant: ("stageKey" in input && input.variant) || fullVariant,
      sha256: "artifact" in input ? input.artifact : null,
    }));
  });
  await insertStageRunInputs(t, JSON.stringify(edges));
  await unblockStageRuns(t, [...created]);
}

export function runOf(runs: ReadonlyMap<string, WrittenStageRun>, stageKey: string): WrittenStageRun {
  const run = runs.get(stageKey);
  if (!run) throw new Error(`stage key ${stageKey} is not in its plan`);
  return run;
}
