import { dispatch, electLeader } from "@reluctant/control";
import { createLogger } from "@reluctant/telemetry";
import { type Kit, setup as setupKit } from "@reluctant/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { maxGapSeconds, mayJudge } from "./expiry-gate.ts";
import { leaderName } from "./leadership.ts";
import { leaseExpirer } from "./lease-expirer.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const leaseSeconds = 15;

/** An attempt whose lease is over, and leaders that make rounds. */
async function setup() {
  const kit: Kit = await setupKit();
  cleanUps.push(() => kit.close());
  const { deps, db } = kit;
  const lines: string[] = [];
  const log = createLogger({ name: "coordinator", level: "warn" }, { write: (line: string) => void lines.push(line) });
  const workerId = await kit.worker();
  await kit.submit({ until: "train", budgets: undefined });
  const [born] = await dispatch(deps);
  const { attemptId } = await kit.claim(born?.attemptId as string, workerId);
  const leader = () => db.prisma.leader.findUniqueOrThrow({ where: { name: leaderName } });
  const state = async () => (await db.prisma.attempt.findUniqueOrThrow({ where: { id: attemptId } })).state;
  return {
    kit,
    lines,
    state,
    leader,
    /** The lease is over as Postgres sees it. */
    expire: () => db.prisma.$executeRaw`update attempt set lease_expires_at = now() - interval '1 second'`,
    lost: () => vi.waitFor(async () => expect(await state()).toBe("lost"), { timeout: 10_000 }),
    /** A leader of this name that makes its rounds. */
    lead: async (holder: string) => {
      expect(await electLeader(deps, { name: leaderName, holder, leaseSeconds: 60 })).toBe(true);
      const expirer = leaseExpirer({ deps, holder, leaseSeconds, onExpired: () => {}, log });
      cleanUps.push(() => expirer.stop());
      expirer.start();
      return expirer;
    },
    /** Resolves when the leader has finished a round that began after this call. */
    async round(expirer: { notify(): void }) {
      for (let finished = 0; finished < 2; finished++) {
        const before = (await leader()).lastRoundAt?.getTime() ?? 0;
        await vi.waitFor(
          async () => {
            expirer.notify();
            expect((await leader()).lastRoundAt?.getTime()).toBeGreaterThan(before);
          },
          { timeout: 10_000 },
        );
      }
    },
  };
}

test.each([
  [null, false],
  [14.9, false],
  [15, true],
])("rounds that Postgres has answered for %s s let leases be judged: %s", (answered, expected) => {
  expect(mayJudge(answered, leaseSeconds)).toBe(expected);
});

test("the first leader of all judges once Postgres has answered for one full lease", async () => {
  const { kit, expire, state, lead, lost, round } = await setup();
  const expirer = await lead("c1");
  await round(expirer);
  await expire();
  await round(expirer);
  expect(await state()).toBe("running");
  // Seconds that passed in rounds: the last one stays where it is.
  await kit.db.prisma.$executeRaw`update leader set answering_since = answering_since - interval '15 seconds'`;
  await lost();
});

test.each(["c1", "c2"])(
  "a leader (%s) that follows c1 within half a lease goes on where it stopped",
  async (successor) => {
    const { kit, expire, lead, lost, round } = await setup();
    const first = await lead("c1");
    await round(first);
    await first.stop();
    await kit.db.prisma.$executeRaw`update leader set answering_since = answering_since - interval '15 seconds'`;
    await kit.pass(maxGapSeconds(leaseSeconds) - 3);
    await kit.db.prisma.$executeRaw`update leader set expires_at = now() - interval '1 second'`;
    await expire();
    await lead(successor);
    await lost();
  },
);

test("one that follows later waits a full lease", async () => {
  const { kit, expire, state, lead, leader, round } = await setup();
  const first = await lead("c1");
  await round(first);
  await first.stop();
  await kit.db.prisma.$executeRaw`update leader set answering_since = answering_since - interval '60 seconds'`;
  await kit.pass(maxGapSeconds(leaseSeconds));
  await expire();
  await round(await lead("c1"));
  expect(await state()).toBe("running");
  const { lastRoundAt, answeringSince } = await leader();
  expect(Number(lastRoundAt) - Number(answeringSince)).toBeLessThan(12_000);
});

test("one that lost Postgres itself, however shortly, waits a full lease from then", async () => {
  const { kit, expire, state, lead, leader, round, lines } = await setup();
  const first = await lead("c1");
  await round(first);
  await kit.db.prisma.$executeRaw`alter table leader rename to away`;
  await kit.db.prisma.$executeRaw`update away set answering_since = answering_since - interval '60 seconds'`;
  first.notify();
  await vi.waitFor(() => expect(lines.join()).toContain("a round failed"), { timeout: 10_000 });
  await expire();
  await kit.db.prisma.$executeRaw`alter table away rename to leader`;
  await round(first);
  expect(await state()).toBe("running");
  const { lastRoundAt, answeringSince } = await leader();
  expect(Number(lastRoundAt) - Number(answeringSince)).toBeLessThan(12_000);
});

test("who does not lead any more judges nothing", async () => {
  const { kit, expire, state, lead, round } = await setup();
  const first = await lead("c1");
  await round(first);
  await kit.db.prisma
    .$executeRaw`update leader set answering_since = answering_since - interval '60 seconds', holder = 'c2'`;
  await expire();
  first.notify();
  await first.stop();
  expect(await state()).toBe("running");
});
