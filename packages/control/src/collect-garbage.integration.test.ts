import { bytesOf, type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendLog, collectGarbage, dispatch, recordCheckpoint } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

/** An attempt with a piece of log. */
async function loggedAttempt() {
  const workerId = await kit.worker();
  const [born] = await dispatch(kit.deps);
  const claim = await kit.claim(born?.attemptId as string, workerId);
  await appendLog(kit.deps, {
    attemptId: claim.attemptId,
    epoch: claim.epoch,
    offset: 0,
    bytes: Buffer.from("a line\n"),
  });
  return claim;
}

const left = async () => ({ events: await kit.db.prisma.event.count(), logs: await kit.db.prisma.logChunk.count() });

test("history goes when it is older than asked, and none where it is kept for good", async () => {
  await kit.submit({ until: "train", budgets: undefined });
  await kit.succeed(await loggedAttempt());
  const all = await left();
  expect(all.logs).toBe(1);
  await kit.pass(10 * 86_400);
  for (const historyDays of [null, 11]) {
    await collectGarbage(kit.deps, { historyDays });
    expect(await left()).toEqual(all);
  }
  await kit.submit({ until: "train", budgets: undefined }); // all of it is cached: two events that are young
  await collectGarbage(kit.deps, { historyDays: 9 });
  expect(await left()).toEqual({ events: 2, logs: 0 });
});

test("the log of an attempt that still runs stays whole, however long ago it began", async () => {
  await kit.submit({ until: "train", budgets: undefined });
  await loggedAttempt();
  await kit.pass(10 * 86_400);
  await collectGarbage(kit.deps, { historyDays: 9 });
  expect(await left()).toEqual({ events: 0, logs: 1 });
});

test("collection that never pauses takes nothing that attempts upload and refer to meanwhile", async () => {
  await kit.submit({ until: "train", budgets: undefined, seeds: Array.from({ length: 12 }, (_, seed) => seed + 1) });
  const workers = await Promise.all(Array.from({ length: 4 }, () => kit.worker()));
  const born = (await dispatch(kit.deps)).slice(0, workers.length);
  expect(born).toHaveLength(workers.length);
  let working = true;
  const collector = async () => {
    let taken = 0;
    while (working) taken += await kit.deps.artifacts.collectGarbage(0); // as if all were older than a day
    return taken;
  };
  const attempt = async ({ attemptId }: { attemptId: string }, workerId: string) => {
    const claim = await kit.claim(attemptId, workerId);
    for (let step = 1; step <= 5; step++) {
      const bytes = bytesOf(`checkpoint ${step} of ${attemptId}`);
      const { sha256 } = await kit.deps.artifacts.put({ attemptId, mediaType: "application/octet-stream", bytes });
      await recordCheckpoint(kit.deps, { ...claim, step, sha256 });
    }
    return kit.succeed(claim);
  };
  const collecting = collector();
  const ended = await Promise.all(born.map((queued, index) => attempt(queued, workers[index] as string)));
  working = false;
  await collecting;
  expect(ended.map(({ outcome }) => outcome)).toEqual(workers.map(() => "completed"));
  const results = await kit.db.prisma.stageRunArtifact.findMany({ include: { artifact: true } });
  expect(results.length).toBeGreaterThanOrEqual(workers.length);
  for (const { artifact } of results) expect(artifact.completeAt).not.toBeNull();
});
