import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AttemptState,
  attemptStates,
  experimentStates,
  inputRole,
  stageKinds,
  stageRunStates,
  stopWays,
} from "@reluctant/contracts";
import { adHoc, sql, type Tx, WrongRowCount } from "@reluctant/db";
import {
  attemptTransitions,
  type EndedAttemptState,
  experimentTransitions,
  liveAttemptStates,
  stageRunTransitions,
  statesBefore,
} from "@reluctant/relu";
import { implementations } from "@reluctant/stages/definitions";
import { type Kit, setup } from "@reluctant/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeAttempt } from "./end-attempt.ts";
import {
  beatAttempt,
  cancelExperiment,
  claimAttempt,
  dispatch,
  expireLeases,
  extendExperiment,
  failAttempt,
  pauseExperiment,
  releaseAttempt,
  resumeExperiment,
  retryExperiment,
} from "./index.ts";

/**
 * The state tables of `packages/relu` hold what the statements do: each is run on a row in every state and must move none
 * where the tables do not let it; and the commands must reach every move of the tables but those that are listed.
 */
const transitions = {
  attempt: attemptTransitions,
  stage_run: stageRunTransitions,
  experiment: experimentTransitions,
} as const satisfies Record<string, Record<string, readonly string[]>>;
type Entity = keyof typeof transitions;

const words = { attempt: "attempt", stage_run: "stage run", experiment: "experiment" } as const;
const moveOf = (entity: Entity, from: string, to: string) => `${words[entity]} ${from} → ${to}`;
const legal = (Object.keys(transitions) as Entity[]).flatMap((entity) =>
  Object.entries(transitions[entity] as Record<string, readonly string[]>).flatMap(([from, next]) =>
    next.map((to) => moveOf(entity, from, to)),
  ),
);

let kit: Kit;
beforeAll(async () => {
  kit = await setup();
});
afterAll(() => kit.close());

/** An experiment that ends after training, in a pool of its own with one worker, and the attempt that is queued for it. */
let pools = 0;
async function queued() {
  const pool = `pool-${++pools}`;
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined, seeds: [pools], pool });
  const workerId = await kit.worker({ pool });
  const born = (await dispatch(kit.deps)).find((attempt) => attempt.pool === pool);
  if (!born) throw new Error("nothing was dispatched");
  return { experimentId, workerId, ...born };
}

async function running() {
  const { experimentId, workerId, stageRunId, attemptId } = await queued();
  return { ...(await kit.claim(attemptId, workerId)), experimentId, workerId, stageRunId };
}
type Running = Awaited<ReturnType<typeof running>>;

const failure = { code: "internal", fatal: true, message: "broke", step: null } as const;
const result = { kind: "train", images: 1, reluCount: 1, validationAccuracy: 0, testAccuracy: 0 } as const;

// ── No statement moves a row where the tables do not let it ────────────────────────────────────────────────────────

const statementsFolder = join(import.meta.dirname, "../../../prisma/sql");
const movesState = /\bupdate\s+(attempt|stage_run|experiment)\s+set\b[^;]*?\bstate\s*=/;
const statementsThatMove = () =>
  readdirSync(statementsFolder)
    .filter((file) => movesState.test(readFileSync(join(statementsFolder, file), "utf8")))
    .map((file) => file.replace(".sql", ""));

/** Puts the fixture's rows of an entity into a state, with all that Postgres wants of a row in it. */
const put: Record<Entity, { states: readonly string[]; sql: string }> = {
  attempt: {
    states: attemptStates,
    sql: `update attempt set state = :state,
      stop = case :state::text when 'stopping' then 'now' end, failure = case :state::text when 'failed' then '{}'::jsonb end,
      ended_at = case when :state::text in (${liveAttemptStates.map((state) => `'${state}'`)}) then null else now() end
      where id = :id::uuid`,
  },
  stage_run: {
    states: stageRunStates,
    sql: `update stage_run set state = :state, waiting_for = case :state::text when 'blocked' then 1 else 0 end,
      result = case :state::text when 'succeeded' then '{}'::jsonb end,
      finished_at = case when :state::text in ('succeeded', 'failed', 'cancelled') then now() end where id = :id::uuid`,
  },
  experiment: {
    states: experimentStates,
    sql: `update experiment set state = :state,
      finished_at = case when :state::text in ('cancelled', 'failed', 'finished') then now() end where id = :id::uuid`,
  },
};

const live: readonly string[] = liveAttemptStates;
const hasEnded = (state: AttemptState): state is EndedAttemptState => !live.includes(state);

interface Mover {
  entity: Entity;
  /** What else has to be so for the statement to move anything. */
  given?: string;
  run(t: Tx, rows: Running): Promise<unknown>;
}

/** Every statement that moves a state, as its callers run it; one that can be asked for several states, for each. */
const movers: Record<string, Mover[]> = {
  "claim-attempts": [
    {
      entity: "attempt",
      run: (t, { attemptId, workerId }) =>
        t.one(sql.claimAttempts, { claims: [{ attemptId, workerId }], leaseSeconds: 15, roles: inputRole }),
    },
  ],
  "stop-attempts": [
    {
      entity: "attempt",
      run: (t, { attemptId }) => t.many(sql.stopAttempts, { attemptIds: [attemptId], how: "now", reason: "a test" }),
    },
  ],
  "end-attempt": attemptStates.filter(hasEnded).map((to) => ({
    entity: "attempt",
    run: (t, { attemptId }) =>
      closeAttempt(t, { attemptId, state: to, reason: null, failure: to === "failed" ? failure : null, step: null }),
  })),
  "queue-attempts": [
    {
      entity: "stage_run",
      given: "update attempt set state = 'lost', ended_at = now()",
      run: async (t, { stageRunId }) => {
        const [{ teamId } = {}] = await t.many(
          adHoc(`select team_id::text as "teamId" from attempt where stage_run_id = :stageRunId::uuid`),
          { stageRunId },
        );
        await t.many(sql.queueAttempts, { chosen: [{ stageRunId, teamId: teamId as string }], holder: null });
      },
    },
  ],
  "requeue-stage-run": [
    {
      entity: "stage_run",
      run: (t, { stageRunId }) =>
        t.one(sql.requeueStageRun, { stageRunId, failures: 0, failedStep: 0, delaySeconds: 0 }),
    },
  ],
  "unblock-stage-runs": [
    { entity: "stage_run", run: (t, { stageRunId }) => t.many(sql.unblockStageRuns, { stageRunIds: [stageRunId] }) },
  ],
  "complete-attempts": (["attempt", "stage_run"] as const).map((entity) => ({
    entity,
    run: (t, { attemptId }) => t.one(sql.completeAttempts, { completions: [{ attemptId, result, artifacts: [] }] }),
  })),
  "ready-stage-runs": [
    { entity: "stage_run", run: (t, { stageRunId }) => t.run(sql.readyStageRuns, { stageRunIds: [stageRunId] }) },
  ],
  "fail-stage-run": [
    {
      entity: "stage_run",
      run: (t, { stageRunId }) => t.one(sql.failStageRun, { stageRunId, reason: "a test", failures: 1 }),
    },
  ],
  "cancel-stage-runs": [
    {
      entity: "stage_run",
      run: (t, { stageRunId }) => t.run(sql.cancelStageRuns, { stageRunIds: [stageRunId], reason: "a test" }),
    },
  ],
  "end-experiment": (["cancelled", "failed"] as const).map((to) => ({
    entity: "experiment",
    run: (t, { experimentId }) => {
      const from = statesBefore(experimentTransitions, to);
      return t.one(sql.endExperiment, { experimentId, state: to, reason: "a test", from });
    },
  })),
  "move-experiment": (["active", "paused"] as const).map((to) => ({
    entity: "experiment",
    run: (t, { experimentId }) => {
      const from = statesBefore(experimentTransitions, to);
      return t.one(sql.moveExperiment, { experimentId, state: to, reason: null, from });
    },
  })),
  "finish-experiments": [
    {
      entity: "experiment",
      given: "update need set released_at = now()",
      run: (t, { stageRunId }) => t.many(sql.finishExperiments, { stageRunIds: [stageRunId] }),
    },
  ],
};

/** Runs a statement on a row in a state and takes all back; answers the move that it made, if any. */
async function moved({ entity, given, run }: Mover, from: string): Promise<string | null> {
  const id = { attempt: rows.attemptId, stage_run: rows.stageRunId, experiment: rows.experimentId }[entity];
  let move: string | null = null;
  const undone = new Error("undone");
  const work = kit.db.tx(async (t) => {
    if (given) await t.many(adHoc(given), {});
    await t.many(adHoc(put[entity].sql), { id, state: from });
    await run(t, rows).catch((error: unknown) => {
      if (!(error instanceof WrongRowCount)) throw error;
    });
    const [row] = await t.many(adHoc(`select state from ${entity} where id = :id::uuid`), { id });
    if (row && row.state !== from) move = moveOf(entity, from, row.state as string);
    throw undone;
  });
  await expect(work).rejects.toBe(undone);
  return move;
}

test("every statement that moves a state is among those that are tried on rows in every state", () => {
  expect(statementsThatMove().sort()).toEqual(Object.keys(movers).sort());
});

test("nothing but a statement moves a state", () => {
  const root = join(import.meta.dirname, "../../..");
  const sources = ["packages", "apps", "workers", "infra"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /^[^/]+\/src\/(?!generated).*(?<!\.test)\.tsx?$/.test(file))
      .map((file) => join(root, folder, file)),
  );
  expect(sources.length).toBeGreaterThan(300);
  const moving = /\bupdate\s+(attempt|stage_run|experiment)\b|\.(attempt|stageRun|experiment)\.(update|upsert)/;
  expect(sources.filter((file) => moving.test(readFileSync(file, "utf8")))).toEqual([]);
});

let rows: Running;
beforeAll(async () => {
  rows = await running();
});

test.each(Object.entries(movers))("%s moves a row only where the tables let it", async (_, variants) => {
  const moves: string[] = [];
  for (const mover of variants) {
    const made: (string | null)[] = [];
    for (const from of put[mover.entity].states) made.push(await moved(mover, from));
    expect(made.some(Boolean)).toBe(true);
    moves.push(...made.filter((move) => move !== null));
  }
  expect(moves.filter((move) => !legal.includes(move))).toEqual([]);
});

// ── The commands reach every move of the tables, but those that are listed ────────────────────────────────────────

/** Has Postgres keep every move that a row makes. */
async function recordMoves(): Promise<() => Promise<{ moves: string[]; stops: string[] }>> {
  await kit.db.prisma.$executeRaw`create table moved (entity text, "from" text, "to" text)`;
  await kit.db.prisma.$executeRaw`
    create function record_move() returns trigger language plpgsql as
    $$ begin insert into moved values (tg_table_name, old.state, new.state); return new; end $$`;
  for (const entity of Object.keys(transitions)) {
    await kit.db.prisma.$executeRawUnsafe(
      `create trigger record_move after update of state on ${entity}
       for each row when (old.state <> new.state) execute function record_move()`,
    );
  }
  return async () => {
    const rows = await kit.db.prisma.$queryRaw<{ entity: Entity; from: string; to: string }[]>`
      select distinct entity, "from", "to" from moved`;
    const attempts = await kit.db.prisma.attempt.findMany({ distinct: ["stop"], where: { stop: { not: null } } });
    return {
      moves: rows.map(({ entity, from, to }) => moveOf(entity, from, to)),
      stops: attempts.map(({ stop }) => stop as string),
    };
  };
}

const cancel = async ({ experimentId }: { experimentId: string }) =>
  cancelExperiment(kit.deps, { identity: await kit.caller(), experimentId });

/** Has its lease end, as a silent worker would. */
async function lose({ attemptId }: Running) {
  await kit.pass(16);
  expect((await expireLeases(kit.deps)).map((lost) => lost.attemptId)).toContain(attemptId);
}

/** Pauses, resumes, retries and extends experiments. */
async function changeTheirMinds() {
  const identity = await kit.caller();
  const paused = await queued();
  await pauseExperiment(kit.deps, { identity, ...paused });
  await resumeExperiment(kit.deps, { identity, ...paused });
  await pauseExperiment(kit.deps, { identity, ...paused });
  await cancel(paused);
  await retryExperiment(kit.deps, { identity, ...paused });
  const finished = await running();
  await kit.succeed(finished);
  await extendExperiment(kit.deps, { identity, ...finished, extension: { seeds: [2_000 + pools] } });
  const failed = await running();
  await failAttempt(kit.deps, { ...failed, failure });
  await retryExperiment(kit.deps, { identity, ...failed });
}

/** What ends an attempt that runs or is stopping. */
const ends: ((claim: Running) => Promise<unknown>)[] = [
  (claim) => kit.succeed(claim),
  (claim) => failAttempt(kit.deps, { ...claim, failure }),
  lose,
  (claim) => releaseAttempt(kit.deps, { ...claim, as: "cancelled", step: null }),
];

test("commands reach every state and way to stop, by every move of the tables, but those that are listed", async () => {
  const recorded = await recordMoves();
  await kit.submit({ seeds: [1_000] });
  await kit.drain(await kit.worker());
  await cancel(await kit.submit({ seeds: [1_001] })); // none of its stage runs is dispatched
  await cancel(await queued());
  const refused = await queued();
  const stranger = await kit.worker();
  expect(await claimAttempt(kit.deps, { ...refused, workerId: stranger })).toMatchObject({ outcome: "refused" });
  const left = await running();
  await beatAttempt(kit.deps, { ...left, leaves: true });
  await releaseAttempt(kit.deps, { ...left, as: "preempted", step: null });
  for (const end of ends.slice(0, 3)) await end(await running());
  await changeTheirMinds();
  for (const end of ends) {
    const claim = await running();
    await cancel(claim);
    await end(claim);
  }
  const { moves, stops } = await recorded();
  expect(moves.filter((move) => !legal.includes(move))).toEqual([]);
  const ran = new Set<string>(Object.values(implementations).map(({ kind }) => kind));
  const notReached = [
    ...legal.filter((move) => !moves.includes(move)),
    ...stopWays.filter((way) => !stops.includes(way)).map((way) => `stop ${way}`),
    ...stageKinds.filter((kind) => !ran.has(kind)).map((kind) => `stage ${kind}`),
  ];
  expect(notReached).toEqual([]);
});
