import { type Claim, type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { beatAttempt, beatWorker, dispatch, drainBrokenWorkers, expireLeases, getExperiment } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

interface Slot {
  name: string;
  workerId: string | null;
  claim: Claim | null;
}

/** A cluster whose clock is the loop's: a second passes at each `tick`, in which workers beat and the coordinator makes a round. */
function cluster(names: string[]) {
  const slots: Slot[] = names.map((name) => ({ name, workerId: null, claim: null }));
  const queue: string[] = [];
  let second = 0;

  const beat = async ({ workerId, claim }: Slot) => {
    if (workerId) await beatWorker(kit.deps, { workerId, state: claim ? "busy" : "idle" });
    if (claim) expect(await beatAttempt(kit.deps, claim)).toEqual({ answer: "go on" });
  };
  const take = async (slot: Slot) => {
    slot.workerId ??= await kit.worker({ name: slot.name });
    const attemptId = slot.claim ? undefined : queue.shift();
    if (attemptId) slot.claim = await kit.claim(attemptId, slot.workerId);
  };
  return {
    slots,
    async tick() {
      await kit.pass(1);
      second++;
      for (const slot of slots) if (second % 3 === 0) await beat(slot);
      await expireLeases(kit.deps);
      if (second % 10 === 0) expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
      queue.push(...(await dispatch(kit.deps)).map(({ attemptId }) => attemptId));
      for (const slot of slots) await take(slot);
    },
    kill: (index: number) => Object.assign(slots[index] as Slot, { workerId: null, claim: null }),
  };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `gpu-${index + 1}`);
const lostCount = () => kit.db.prisma.attempt.count({ where: { state: "lost" } });

test.each([
  ["two of eight", 8, (kill: number) => [(7 * kill) % 8, (3 * kill + 4) % 8]],
  ["one of eight, three in turn", 8, (kill: number) => [kill % 3]],
] as const)(
  "workers killed every 2 s for 2 minutes, %s, fail nothing and drain nobody",
  { timeout: 300_000 },
  async (_, count, victims) => {
    const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
    const { experimentId } = await kit.submit({ until: "train", budgets: undefined, seeds });
    const { tick, kill, slots } = cluster(names(count));
    for (let second = 0; second < 120; second++) {
      if (second % 2 === 0) for (const victim of victims(second / 2)) kill(victim);
      await tick();
      if (second % 8 === 7) {
        // Those that were spared finish what others were lost with: no worker is blamed for that.
        const spared = slots.find(({ claim }) => claim !== null && claim.assignment.attempt > 3);
        if (spared?.claim) await kit.succeed(spared.claim);
        if (spared) spared.claim = null;
      }
    }
    expect(await lostCount()).toBeGreaterThan(15);
    for (let second = 0; second < 20; second++) await tick();
    for (const slot of slots) if (slot.claim) await kit.succeed(slot.claim);
    await kit.pass(60);
    await kit.drain(await kit.worker({ name: "calm" }));
    const experiment = await getExperiment(kit.deps, { identity: await kit.caller(), id: experimentId });
    expect(experiment).toMatchObject({ state: "finished", progress: { succeeded: seeds.length, failed: 0 } });
    expect(await kit.db.prisma.worker.count({ where: { drainedAt: { not: null } } })).toBe(0);
    expect(await drainBrokenWorkers(kit.deps)).toEqual([]);
  },
);
