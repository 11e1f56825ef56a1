import {
  fullVariant,
  type NeedOrigin,
  type SlotResources,
  type StageParams,
  type StageRunState,
  stageKinds,
} from "@reluctant/contracts";
import { sql, type Tx } from "@reluctant/db";
import type { PlannedStageRun } from "@reluctant/relu";
import type { CommandTx } from "./commit.ts";
import { finishExperiments } from "./finish-experiments.ts";
import type { PlannedSpec } from "./plan-spec.ts";
import { inBatches } from "./slices.ts";

export interface WrittenStageRun {
  id: string;
  state: StageRunState;
  /** How the first trial that needs it comes by it. */
  origin: NeedOrigin;
}

/** Which slots stage runs ask for. One that is shared keeps what it was asked for first. */
export interface Placement {
  pool: string;
  resources: SlotResources;
}

/** A run may end between two statements of ours, so look again; more than twice in a row does not happen. */
const maxLooks = 5;

/**
 * Writes the plan's stage runs that no live one stands for and answers all of them by stage key, held so that none ends
 * before this transaction does. Two identical plans submitted together share every run.
 */
export async function writeStageRuns(
  t: Tx,
  plan: PlannedSpec,
  where: Placement,
): Promise<Map<string, WrittenStageRun>> {
  const runs = new Map<string, WrittenStageRun>();
  for (const planned of inBatches(inLockOrder(plan.stageRuns)))
    for (const [stageKey, run] of await writeBatch(t, planned, plan, where)) runs.set(stageKey, run);
  return runs;
}

/** Inputs before those that read them, then by key: two plans that meet wait for each other in one order only. */
const inLockOrder = (stageRuns: readonly PlannedStageRun[]): PlannedStageRun[] =>
  stageKinds.flatMap((wanted) =>
    stageRuns.filter(({ kind }) => kind === wanted).sort((a, b) => (a.stageKey < b.stageKey ? -1 : 1)),
  );

/** New ones are ours already: only those that were there are locked, which for 20,000 new ones took as long as writing them. */
async function writeBatch(
  t: Tx,
  planned: readonly PlannedStageRun[],
  { scopes }: PlannedSpec,
  { pool, resources }: Placement,
): Promise<[stageKey: string, run: WrittenStageRun][]> {
  const written: [string, WrittenStageRun][] = [];
  let left = planned;
  for (let look = 0; left.length > 0; look++) {
    if (look === maxLooks) throw new Error("stage runs of this plan kept ending while it was written; submit again");
    const created = await t.many(sql.insertStageRuns, { ...rowsOf(left, scopes), pool, resources });
    for (const { stageKey, ...run } of created) written.push([stageKey, { ...run, origin: "ran" }]);
    const others = without(left, created);
    if (others.length === 0) break;
    const keys = others.map(({ stageKey }) => scopedKey(stageKey, scopes));
    const live = await t.many(sql.shareLiveStageRuns, { keys });
    for (const { stageKey, ...run } of live) written.push([stageKey, { ...run, origin: originOf(run.state) }]);
    left = without(others, live);
  }
  return written;
}

function without(planned: readonly PlannedStageRun[], found: readonly { stageKey: string }[]): PlannedStageRun[] {
  const keys = new Set(found.map(({ stageKey }) => stageKey));
  return planned.filter(({ stageKey }) => !keys.has(stageKey));
}

/** What finds the stage run of a planned one. */
export const scopedKey = (stageKey: string, scopes: PlannedSpec["scopes"]) => ({
  stageKey,
  scopeTeamId: scopes.get(stageKey) ?? null,
});

/** Rows of stage runs, and their parameters once: of 20,000 distillations all have the same. */
function rowsOf(planned: readonly PlannedStageRun[], scopes: PlannedSpec["scopes"]) {
  const places = new Map<StageParams, number>();
  const placeOf = (params: StageParams): number => {
    const place = places.get(params) ?? places.size;
    places.set(params, place);
    return place;
  };
  const stageRuns = planned.map((run) => ({
    ...run,
    ...scopedKey(run.stageKey, scopes),
    params: placeOf(run.params),
    waitingFor: Object.values(run.inputs).filter((input) => "stageKey" in input).length,
  }));
  return { stageRuns, params: [...places.keys()] };
}

export const isNew = ({ origin }: WrittenStageRun): boolean => origin === "ran";

const originOf = (state: StageRunState): NeedOrigin => (state === "succeeded" ? "cached" : "shared");

/**
 * Writes the edges of new stage runs, counts which inputs are there already, and takes over what cancelled ones left. Waits for all
 * of their batches but the last.
 */
export async function connectStageRuns(
  t: Tx,
  plan: PlannedSpec,
  runs: ReadonlyMap<string, WrittenStageRun>,
): Promise<void> {
  const created = inLockOrder(plan.stageRuns).filter(({ stageKey }) => isNew(runOf(runs, stageKey)));
  let sent: Promise<void> | undefined;
  for (const batch of inBatches(created)) {
    await sent;
    sent = connect(t, batch, runs);
  }
}

function connect(
  t: Tx,
  created: readonly PlannedStageRun[],
  runs: ReadonlyMap<string, WrittenStageRun>,
): Promise<void> {
  const newInputs = created.flatMap(({ stageKey, inputs }) =>
    Object.entries(inputs).map(([name, input]) => ({
      stageRunId: runOf(runs, stageKey).id,
      name,
      sourceStageRunId: "stageKey" in input ? runOf(runs, input.stageKey).id : null,
      variant: ("stageKey" in input && input.variant) || fullVariant,
      sha256: "artifact" in input ? input.artifact : null,
    })),
  );
  const stageRunIds = created.map(({ stageKey }) => runOf(runs, stageKey).id);
  if (newInputs.length > 0) {
    t.send(sql.insertStageRunInputs, { inputs: newInputs });
    t.send(sql.unblockStageRuns, { stageRunIds });
  }
  return t.send(sql.adoptCheckpoints, { stageRunIds });
}

/** Ends the experiments that need these stage runs and wait for nothing: where all were finished before, no completion will. */
export async function finishWhereAllIsThere(t: CommandTx, runs: ReadonlyMap<string, WrittenStageRun>): Promise<void> {
  const all = [...runs.values()];
  if (all[0] && all.every(({ origin }) => origin === "cached")) await finishExperiments(t, [all[0].id]);
}

export function runOf(runs: ReadonlyMap<string, WrittenStageRun>, stageKey: string): WrittenStageRun {
  const run = runs.get(stageKey);
  if (!run) throw new Error(`stage key ${stageKey} is not in its plan`);
  return run;
}
