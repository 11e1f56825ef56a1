import { adHoc } from "@reluctant/db";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Caller,
  changeTeamShare,
  dispatch,
  explainWaiting,
  foldUsage,
  getExperiment,
  listTeamShares,
} from "./index.ts";
import { waitingIn } from "./waiting-in.ts";

let kit: Kit;
let admin: Caller;
beforeEach(async () => {
  kit = await setup();
  admin = await kit.caller("lab", "admin");
});
afterEach(() => kit.close());

const onlyTrain = { until: "train", budgets: undefined } as const;
const trainings = { kind: "train", pool: "default" } as const;
const share = (name: string, change: Parameters<typeof changeTeamShare>[1]["change"]) =>
  changeTeamShare(kit.deps, { identity: admin, name, change });
const charge = ({ teamId }: { teamId: string }, seconds: number) =>
  kit.db.many(adHoc("insert into usage (team_id, seconds) values (:teamId::uuid, :seconds::float8)"), {
    teamId,
    seconds,
  });
/** What teams used moves so far back, since Postgres' clock cannot be set. */
const pass = async (seconds: number) => {
  await kit.db.many(adHoc("update usage set at = at - :seconds::float8 * interval '1 second'"), { seconds });
  await kit.db.many(adHoc("update team set usage_at = usage_at - :seconds::float8 * interval '1 second'"), { seconds });
};

test("in 24 hours two teams get slots as 3 to 1, though the lighter one floods the queue; a third comes next", async () => {
  const [lab, studio] = [await kit.caller("lab"), await kit.caller("studio")];
  await share("lab", { weight: 3 });
  await kit.submit({ ...onlyTrain, seeds: { count: 900 } }, studio);
  const later = Array.from({ length: 500 }, (_, index) => 1_000 + index);
  await kit.submit({ ...onlyTrain, seeds: later }, lab);
  await kit.worker();
  await kit.db.many(adHoc("update worker set last_beat_at = now() + interval '1 hour'"), {}); // it lives on meanwhile
  const used = { [lab.teamId]: 0, [studio.teamId]: 0 };
  const [slots, minutes] = [4, 20];
  for (let at = 0; at < 24 * 60; at += minutes) {
    const turns = await waitingIn(kit.db, trainings, slots);
    expect(turns).toHaveLength(slots);
    await kit.db.many(
      adHoc(
        "update stage_run set state = 'succeeded', result = '{}', finished_at = now() where id = any (:ids::uuid[])",
      ),
      {
        ids: turns.map(({ stageRunId }) => stageRunId),
      },
    );
    for (const { teamId } of turns) {
      used[teamId] = (used[teamId] as number) + minutes * 60;
      await charge({ teamId }, minutes * 60);
    }
    await pass(minutes * 60);
    if (at % 60 === 0) await foldUsage(kit.deps);
  }
  const ratio = (used[lab.teamId] as number) / (used[studio.teamId] as number);
  expect(ratio).toBeGreaterThan(3 * 0.95);
  expect(ratio).toBeLessThan(3 * 1.05);
  const solo = await kit.caller("solo");
  await kit.submit({ ...onlyTrain, seeds: [5_000] }, solo);
  expect(await waitingIn(kit.db, trainings, 1)).toMatchObject([{ teamId: solo.teamId }]);
}, 60_000);

test("over its quota a team waits for those who are not, whatever their class, and takes what is left", async () => {
  const [lab, studio] = [await kit.caller("lab"), await kit.caller("studio")];
  await share("lab", { quota: 100 });
  await kit.submit({ ...onlyTrain, seeds: [1], priority: "high" }, lab);
  await kit.submit({ ...onlyTrain, seeds: [2], priority: "low" }, studio);
  await kit.worker();
  const teams = async () => (await waitingIn(kit.db, trainings, 9)).map(({ teamId }) => teamId);
  await charge(lab, 99);
  expect(await teams()).toEqual([lab.teamId, studio.teamId]);
  await charge(lab, 10);
  expect(await teams()).toEqual([studio.teamId, lab.teamId]);
  await pass(86_400); // half of it is forgotten
  expect(await teams()).toEqual([lab.teamId, studio.teamId]);
});

test("over a hard quota it gets no slot, and is told so", async () => {
  const lab = await kit.caller("lab");
  await share("lab", { quota: 100, hard: true });
  const { experimentId: id } = await kit.submit(onlyTrain, lab);
  await kit.worker();
  await charge(lab, 101);
  expect(await dispatch(kit.deps)).toEqual([]);
  const { stageRuns } = await getExperiment(kit.deps, { identity: lab, id });
  const stageRunId = stageRuns[0]?.id as string;
  const { waiting } = await explainWaiting(kit.deps, { identity: lab, stageRunId });
  expect(waiting).toMatchObject({ code: "quota", message: expect.stringMatching(/^team lab has used its quota/) });
  await share("lab", { quota: null });
  expect(await dispatch(kit.deps)).toHaveLength(1);
});

test("what is not named of a share stays; only an admin may change one, and sees those of others", async () => {
  const lab = await kit.caller("lab");
  await kit.caller("studio");
  expect(await share("lab", { weight: 2, quota: 50 })).toEqual({
    name: "lab",
    weight: 2,
    gpuSeconds: 0,
    quota: 50,
    hard: false,
  });
  expect(await share("lab", { hard: true })).toMatchObject({ weight: 2, quota: 50, hard: true });
  expect(await share("lab", { quota: null })).toMatchObject({ weight: 2, quota: null, hard: true });
  await expect(share("nobody", { weight: 2 })).rejects.toMatchObject({ code: "not-found" });
  expect(() => changeTeamShare(kit.deps, { identity: lab, name: "lab", change: { weight: 9 } })).toThrow(
    expect.objectContaining({ code: "forbidden" }),
  );
  const names = async (identity: Caller) => (await listTeamShares(kit.deps, { identity })).map(({ name }) => name);
  expect(await names(lab)).toEqual(["lab"]);
  expect(await names(admin)).toEqual(["lab", "studio"]);
});
