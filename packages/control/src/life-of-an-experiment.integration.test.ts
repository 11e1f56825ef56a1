import { type Kit, resultOf, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { completeAttempt, dispatch, getFrontier, listTrials } from "./index.ts";

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

test("a descent serves every budget: each distillation takes its own student, and counts the images until there", async () => {
  const { experimentId } = await kit.submit({ methods: ["continuation"], budgets: ["10%", "20%"] });
  await kit.drain(await kit.worker());
  const experiment = await kit.db.prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  expect(experiment).toMatchObject({ state: "finished", reason: null });
  const points = await kit.db.prisma.frontierPoint.findMany({
    where: { method: "continuation" },
    orderBy: { budget: "desc" },
    include: { stageRun: { include: { inputs: true } } },
  });
  expect(points.map(({ budget }) => budget)).toEqual([14_745, 7_372]);
  const variants = points.map(({ stageRun }) => stageRun.inputs.find(({ name }) => name === "student")?.variant);
  expect(variants).toEqual(["14745", "7372"]);
  const [wide, narrow] = points.map(({ images }) => Number(images));
  expect(wide).toBeLessThan(narrow as number);
  const masks = await kit.db.prisma.mask.findMany({ orderBy: { variant: "asc" } });
  expect(masks.map(({ variant, budget }) => [variant, budget])).toEqual([
    ["14745", 14_745],
    ["7372", 7_372],
    ["full", 7_372],
  ]);
});

test("what is distilled is measured as often as asked, and each measurement hangs on its point", async () => {
  const { experimentId } = await kit.submit({
    budgets: ["10%", "20%"],
    pi: { budgets: ["10%"], protocols: ["garbled", "gmw"], profiles: ["lan", "wan"] },
  });
  await kit.drain(await kit.worker());
  const identity = await kit.caller();
  const { points } = await getFrontier(kit.deps, { identity, dataset: "shapes", model: "resnet8" });
  const of = (budget: number | null) => points.find((point) => point.budget === budget)?.measurements;
  expect(of(7_372)?.map(({ system, protocol, profile }) => [system, protocol, profile])).toEqual([
    ["delphi", "garbled", "lan"],
    ["delphi", "garbled", "wan"],
    ["delphi", "gmw", "lan"],
    ["delphi", "gmw", "wan"],
  ]);
  expect([of(14_745), of(null)]).toEqual([[], []]);
  const overLatency = (setting?: string) =>
    getFrontier(kit.deps, { identity, dataset: "shapes", model: "resnet8", axis: "online-latency", setting });
  const found = await overLatency("gmw wan");
  expect(found.points.map(({ budget, onFrontier, cost }) => [budget, onFrontier, cost?.measurements])).toEqual([
    [null, false, undefined], // the all-ReLU model is there for its accuracy
    [7_372, true, 1],
  ]);
  expect(found.measured).toMatchObject({ axis: "online-latency", unmeasured: 1 });
  expect(found.measured?.setting).toMatch(/gmw\/dealer\/wan/);
  expect(found.measured?.settings.map(({ points }) => points)).toEqual([1, 1, 1, 1]);
  await expect(overLatency("gazelle")).rejects.toThrow(/has no measurements; choose one of delphi/);
  const { items } = await listTrials(kit.deps, { identity, experimentId, limit: 10 });
  expect(items.map(({ testAccuracy }) => testAccuracy)).toEqual([0.9, 0.9]); // a measurement reaches none of its own
});

test("one distillation puts a point on the frontier for each width, with its own ReLUs and MACs", async () => {
  await kit.submit({ methods: ["senet++"], budgets: ["10%"] });
  await kit.drain(await kit.worker());
  const points = await kit.db.prisma.frontierPoint.findMany({
    where: { method: "senet++" },
    orderBy: { variant: "asc" },
  });
  expect(points.map(({ variant, reluCount, budget }) => [variant, reluCount, budget])).toEqual([
    ["0.5", 3_686, 7_372],
    ["full", 7_372, 7_372],
  ]);
  const [narrow, full] = points;
  expect(Number(narrow?.macs)).toBeLessThan(Number(full?.macs) / 3);
});

test("a result that names a variant without its bytes is refused", async () => {
  await kit.submit({ methods: ["continuation"], budgets: ["10%"] });
  const worker = await kit.worker();
  const ended = async (kind: string) => {
    for (const { attemptId } of await dispatch(kit.deps)) {
      const claimed = await kit.claim(attemptId, worker);
      if (claimed.assignment.params.kind === kind) return claimed;
      await kit.succeed(claimed);
    }
    return null;
  };
  let search = await ended("mask-search");
  while (!search) search = await ended("mask-search");
  const { attemptId, epoch, assignment } = search;
  const artifacts = (await kit.artifactsOf(search)).filter(({ variant }) => variant === "full");
  await expect(
    completeAttempt(kit.deps, { attemptId, epoch, result: resultOf(assignment.params), artifacts }),
  ).rejects.toThrow("no masks of variant 7372");
});

test("the same experiment again finishes at once, all of it from cache", async () => {
  await kit.submit();
  await kit.drain(await kit.worker());
  const { body } = await kit.submit();
  expect(body).toMatchObject({ state: "finished", progress: { total: 4, succeeded: 4, cached: 4 }, gpuSeconds: 0 });
});
