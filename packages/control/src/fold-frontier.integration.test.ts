import { uniform } from "@reluctant/relu";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, foldFrontier, getFrontier } from "./index.ts";

let kit: Kit;
let viewers: Caller[];
/** Of training runs, some of them private to one team or the other. */
let stageRunIds: string[];
beforeEach(async () => {
  kit = await setup();
  viewers = [await kit.caller("lab"), await kit.caller("others"), await kit.caller("lab", "admin")];
  await kit.submit({ until: "train", budgets: undefined, seeds: { count: 12 } });
  const runs = await kit.db.prisma.stageRun.findMany({ orderBy: { id: "asc" } });
  stageRunIds = runs.map(({ id }) => id);
  for (const [index, viewer] of viewers.slice(0, 2).entries())
    await kit.db.prisma.stageRun.updateMany({
      where: { id: { in: stageRunIds.slice(3 * index, 3 * index + 3) } },
      data: { scopeTeamId: viewer.teamId },
    });
});
afterEach(() => kit.close());

/** Points of few costs and accuracies, so that many are as good as another, and their means are exact. */
async function reach(variant: string): Promise<void> {
  await kit.db.prisma.frontierPoint.createMany({
    data: stageRunIds.map((stageRunId, index) => {
      const drawn = (most: number, stream: number) =>
        Math.floor(uniform({ seed: Number(variant.slice(1)), stream, index }) * most);
      return {
        stageRunId,
        variant: variant.slice(0, 1),
        datasetVersion: kit.dataset.version,
        model: "resnet8",
        definitionHash: "hash",
        method: ["ar", "senet", "snl"][drawn(3, 0)] as string,
        recipe: "debug",
        seed: index,
        budget: 100 * (1 + drawn(3, 1)),
        reluCount: 1 + drawn(30, 2),
        convention: "with-stem",
        macs: 1n,
        images: 1n,
        gpuSeconds: 0,
        validationAccuracy: drawn(16, 3) / 16,
        testAccuracy: drawn(16, 4) / 16,
      };
    }),
  });
}

/** What each viewer sees is what all points tell. */
async function expectTheSame(): Promise<void> {
  for (const identity of viewers) {
    const asked = { identity, dataset: "shapes", model: "resnet8" };
    const { points, recommendation } = await getFrontier(kit.deps, asked);
    const alone = await getFrontier(kit.deps, { ...asked, points: "frontier" });
    expect(alone.points).toEqual(points.filter(({ onFrontier }) => onFrontier));
    expect(alone.recommendation).toEqual(recommendation);
  }
}

test("a frontier and its recommendation are the same before points are folded, between, and after", async () => {
  for (const variant of ["a1", "b2", "c3", "d4"]) {
    await reach(variant);
    await expectTheSame();
    if (variant !== "c3") await Promise.all([foldFrontier(kit.deps), foldFrontier(kit.deps)]);
    await expectTheSame();
  }
  const [left] = await kit.db.prisma.$queryRaw<{ summed: number; undominated: number }[]>`
    select (select sum(points)::int from frontier_mean) as summed,
      (select count(*)::int from frontier_point where dominated is not true) as undominated`;
  expect(left?.summed).toBe(48);
  expect(left?.undominated).toBeLessThan(24);
  expect(await foldFrontier(kit.deps)).toBe(0);
});
