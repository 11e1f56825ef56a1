import { beatWorker, dispatch, electLeader, expireLeases, maxGapSeconds, mayJudge } from "@reluctant/control";
import { createLogger } from "@reluctant/telemetry";
import { type Kit, setup as setupKit } from "@reluctant/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { leaderName } from "./leadership.ts";
import { isSlow, leaseExpirer } from "./lease-expirer.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An attempt whose lease is over, and leaders that make rounds. */
async function setup() {
  const kit: Kit = await setupKit();
  cleanUps.push(() => kit.close());
  const { deps, db } = kit;
  const lines: string[] = [];
  const log = createLogger({ name: "coordinator", level: "warn" }, { write: (line: string) => void lines.push(line) });
  const workerId = await kit.worker();
  const living = await kit.worker();
  await kit.submit({ until: "train", budgets: undefined });
  const [born] = await dispatch(deps);
  const { attemptId } = await kit.claim(born?.attemptId as string, workerId);
  const leader = () => db.prisma.leader.findUniqueOrThrow({ where: { name: leaderName } });
  const state = async () => (await db.prisma.attempt.findUniqueOrThrow({ where: { id: attemptId } })).state;
  return {
    kit,
    lines,
    /** Time passes in which another worker beats every 3 s. */
    beaten: async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 3) {
        await kit.pass(3);
        await beatWorker(deps, { workerId: living, state: "idle" });
      }
    },
    /** Postgres has answered for long. */
    answered: () => db.prisma.$executeRaw`update leader set answering_since = answering_since - interval '60 seconds'`,
    state,
    leader,
    /** The lease is over as Postgres sees it. */
    expire: () => db.prisma.$executeRaw`update attempt set lease_expires_at = now() - interval '1 second'`,
    lost: () => vi.waitFor(async () => expect(await state()).toBe("lost"), { timeout: 10_000 }),
    /** A leader of this name that makes its rounds. */
    lead: async (holder: string) => {
      expect(await electLeader(deps, { name: leaderName, holder, leaseSeconds: 60 })).toBe(true);
      const expirer = leaseExpirer({ deps, holder, onExpired: () => {}, lateMs: () => 0, log });
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
])("answers of Postgres for %s s let leases be judged: %s", (answered, expected) => {
  expect(mayJudge(answered)).toBe(expected);
});

test.each([
  [3_900, 0, false],
  [4_100, 0, true],
  [60_000, 59_000, false],
])("a round that took %s ms, of which this process was late for %s, counts as an outage: %s", (took, late, slow) => {
  expect(isSlow(took, late)).toBe(slow);
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
    await kit.pass(maxGapSeconds - 3);
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
  await kit.pass(maxGapSeconds);
  await expire();
  await round(await lead("c1"));
  expect(await state()).toBe("running");
  const { lastRoundAt, answeringSince } = await leader();
  expect(Number(lastRoundAt) - Number(answeringSince)).toBeLessThan(12_000);
});

test("one that follows much later judges at once where workers have beaten all the while", async () => {
  const { lead, round, beaten, expire, lost } = await setup();
  const first = await lead("c1");
  await round(first);
  await first.stop();
  await beaten(60);
  await expire();
  await lead("c1");
  await lost();
});

test("workers that beat again after an outage begin a full lease anew, whoever leads", async () => {
  const { kit, lead, round, answered, beaten, expire, state } = await setup();
  const first = await lead("c1");
  await round(first);
  await first.stop();
  await answered();
  await kit.pass(30);
  await beaten(9);
  await expire();
  await round(await lead("c1"));
  expect(await state()).toBe("running");
});

test("a round that failed, of a leader alone, keeps nobody waiting", async () => {
  const { kit, lead, lost, answered, expire, round, lines } = await setup();
  const first = await lead("c1");
  await round(first);
  await kit.db.prisma.$executeRaw`alter table leader rename to away`;
  first.notify();
  await vi.waitFor(() => expect(lines.join()).toContain("a round failed"), { timeout: 10_000 });
  await kit.db.prisma.$executeRaw`alter table away rename to leader`;
  await answered();
  await expire();
  first.notify();
  await lost();
});

test("what a coordinator saw before it was stopped lets it judge nothing afterwards", async () => {
  const { kit, lead, round, answered, expire, state } = await setup();
  const first = await lead("c1");
  await round(first);
  await first.stop();
  await answered();
  await expire();
  await kit.pass(maxGapSeconds); // it has its answer, and is stopped while Postgres may be away
  expect(await expireLeases(kit.deps)).toEqual([]);
  expect(await state()).toBe("running");
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
