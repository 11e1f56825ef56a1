import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

test("an experiment runs stage by stage and finishes with points on the frontier", async () => {
  const { body, experimentId } = await kit.submit({ budgets: ["10%", "20%"] });
  expect(body).toMatchObject({ state: "active", trials: 2, progress: { total: 6, waiting: 6, cached: 0 } });
  const order = await kit.drain(await kit.worker());
  const kinds = await Promise.all(
    order.map((id) => kit.db.prisma.stageRun.findUniqueOrThrow({ where: { id } }).then(({ kind }) => kind)),
  );
  expect(kinds.slice(0, 2).sort()).toEqual(["sensitivity", "train"]);
  expect(kinds.slice(2).sort()).toEqual(["distillation", "distillation", "mask-search", "mask-search"]);
  const experiment = await kit.db.prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  expect(experiment).toMatchObject({ state: "finished", reason: null });
  const points = await kit.db.prisma.frontierPoint.findMany({ orderBy: { budget: "asc" } });
  expect(points.map(({ method }) => method)).toEqual(["senet", "senet", "ar"]);
});

test("the same experiment again finishes at once, all of it from cache", async () => {
  await kit.submit();
  await kit.drain(await kit.worker());
  const { body } = await kit.submit();
  expect(body).toMatchObject({ state: "finished", progress: { total: 4, succeeded: 4, cached: 4 }, gpuSeconds: 0 });
});
