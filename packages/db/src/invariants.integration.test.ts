import { type Kit, setup, sha256 } from "@reluctant/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isUniqueViolation } from "./errors.ts";
import { adHoc } from "./statement.ts";

let kit: Kit;
beforeAll(async () => {
  kit = await setup();
  await kit.submit({ budgets: ["10%"] });
  await kit.drain(await kit.worker());
  await kit.submit({ budgets: ["10%"], seeds: [2] });
});
afterAll(() => kit.close());

/** What Postgres says to a statement that must not succeed. */
async function refusal(sql: string): Promise<string> {
  try {
    await kit.db.prisma.$executeRawUnsafe(sql);
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing: it was allowed";
}

const forbidden: Record<string, [sql: string, constraint: string]> = {
  "a state that is none": ["update stage_run set state = 'done' where state = 'ready'", "stage_run_state"],
  "a success without a result": [
    "update stage_run set state = 'succeeded', waiting_for = 0, finished_at = now() where state = 'ready'",
    "stage_run_result",
  ],
  "an end without its time": [
    "update stage_run set state = 'cancelled' where state = 'ready'",
    "stage_run_finished_at",
  ],
  "a ready stage run that waits for inputs": [
    "update stage_run set waiting_for = 1 where state = 'ready'",
    "stage_run_waiting_for",
  ],
  "a stage key that is no SHA-256": ["update stage_run set stage_key = 'ABC'", "stage_run_stage_key"],
  "negative GPU-seconds": ["update stage_run set gpu_seconds = -1", "stage_run_gpu_seconds"],
  "GPU-seconds that are no number": ["update team set gpu_seconds = 'NaN'", "team_gpu_seconds"],
  "a running attempt without a lease": [
    "update attempt set state = 'running', ended_at = null, lease_expires_at = null",
    "attempt_lease",
  ],
  "an attempt that ended but says no time": ["update attempt set ended_at = null", "attempt_ended_at"],
  "a failed attempt without its failure": ["update attempt set state = 'failed'", "attempt_failure"],
  "a finished experiment without its time": [
    "update experiment set state = 'finished' where state = 'active'",
    "experiment_finished_at",
  ],
  "a mask of fewer than no ReLUs": ["update mask set relu_count = -1", "mask_counts"],
  "a layer that keeps more than it has": ["update allocation set kept = size + 1", "allocation_within_layer"],
  "an accuracy above 1": ["update frontier_point set validation_accuracy = 1.5", "frontier_point_accuracies"],
  "an artifact that is complete but has no name": [
    "update artifact set sha256 = null where sha256 not in (select sha256 from stage_run_artifact)",
    "artifact_complete",
  ],
  "an input from two sources": [`update stage_run_input set sha256 = '${sha256("x")}'`, "stage_run_input_one_source"],
  "a need of no known origin": ["update need set origin = 'bought'", "need_origin"],
  "a block of 513 points": [
    "insert into metric_block select gen_random_uuid(), 'loss', 0, array_agg(i), array_agg(i) from generate_series(1, 513) i",
    "metric_block_points",
  ],
  "points without values": [
    "insert into metric_block values (gen_random_uuid(), 'loss', 0, '{1,2}', '{1}')",
    "metric_block_points",
  ],
};

test.each(Object.entries(forbidden))("Postgres refuses %s", async (_what, [sql, constraint]) => {
  // An artifact must exist for its own check to be reached.
  await kit.deps.artifacts.put({
    mediaType: "text/plain",
    bytes: (async function* () {
      yield Buffer.from("free");
    })(),
  });
  expect(await refusal(sql)).toContain(constraint);
});

test("Postgres refuses a second live stage run of one key, also where no team owns it, but not one beside a failed one", async () => {
  const copy = (state: string, finished: string) => `
    insert into stage_run (stage_key, kind, implementation, version, params, precision, seed, dataset_version, pool, state, finished_at)
    select stage_key, kind, implementation, version, params, precision, seed, dataset_version, pool, '${state}', ${finished}
    from stage_run where state = 'ready' limit 1`;
  await expect(kit.db.prisma.$executeRawUnsafe(copy("ready", "null"))).rejects.toSatisfy(isUniqueViolation);
  await kit.db.prisma.$executeRawUnsafe(copy("failed", "now()"));
});

test("Postgres refuses a second live attempt of a stage run, and a second number", async () => {
  const attempt = (number: string, state: string, ended: string) => `
    insert into attempt (stage_run_id, team_id, number, state, ended_at)
    select r.id, t.id, ${number}, '${state}', ${ended} from stage_run r, team t where r.state = 'ready' order by r.id limit 1`;
  await kit.db.prisma.$executeRawUnsafe(attempt("1", "queued", "null"));
  await expect(kit.db.prisma.$executeRawUnsafe(attempt("2", "queued", "null"))).rejects.toSatisfy(isUniqueViolation);
  await expect(kit.db.prisma.$executeRawUnsafe(attempt("1", "lost", "now()"))).rejects.toSatisfy(isUniqueViolation);
});

test("a transaction that meets a deadlock runs again and both commit", async () => {
  const [one, two] = [await kit.caller("one"), await kit.caller("two")];
  let arrived = 0;
  let open = () => {};
  const bothHoldOne = new Promise<void>((resolve) => {
    open = resolve;
  });
  const add = adHoc("update team set gpu_seconds = gpu_seconds + 1 where id = :id::uuid");
  const transfer = (first: string, second: string) =>
    kit.db.tx(async (t) => {
      await t.many(add, { id: first });
      if (++arrived === 2) open();
      await bothHoldOne;
      await t.many(add, { id: second });
    });
  await Promise.all([transfer(one.teamId, two.teamId), transfer(two.teamId, one.teamId)]);
  const teams = await kit.db.prisma.team.findMany({ where: { id: { in: [one.teamId, two.teamId] } } });
  expect(teams.map(({ gpuSeconds }) => gpuSeconds)).toEqual([2, 2]);
  expect(arrived).toBeGreaterThan(2); // one of them at least began twice; on a busy machine they may meet again
});
