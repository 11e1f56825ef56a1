import {
  attemptSchema,
  datasetListSchema,
  experimentPageSchema,
  experimentSchema,
  frontierSchema,
  modelSchema,
  type ParamsOf,
  stageRunSchema,
  trialPageSchema,
  workerListSchema,
} from "@reluctant/contracts";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  beatAttempt,
  type Caller,
  dispatch,
  getExperiment,
  getFrontier,
  getStageRun,
  getTrial,
  leaveWorker,
  listAttempts,
  listDatasets,
  listExperiments,
  listModels,
  listTrials,
  listWorkers,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

test("the experiments' pages join, newest first, and can be searched", async () => {
  const names = ["first sweep", "second sweep", "another"];
  for (const name of names) await kit.submit({ name, until: "train", budgets: undefined });
  const one = experimentPageSchema.parse(await listExperiments(kit.deps, { identity, limit: 2 }));
  const two = await listExperiments(kit.deps, { identity, limit: 2, after: one.next ?? "" });
  expect([...one.items, ...two.items].map(({ name }) => name)).toEqual([...names].reverse());
  expect(two.next).toBeNull();
  const found = await listExperiments(kit.deps, { identity, limit: 10, search: "SWEEP", state: "active" });
  expect(found.items).toHaveLength(2);
  await expect(listExperiments(kit.deps, { identity, limit: 2, after: "x" })).rejects.toMatchObject({
    code: "invalid-request",
  });
});

test("an experiment's page shows live progress and the time left", async () => {
  const { experimentId } = await kit.submit({ budgets: ["10%", "20%"] });
  const workerId = await kit.worker({ name: "gpu-1" });
  const train = (await dispatch(kit.deps)).find(({ kind }) => kind === "train");
  const { attemptId, epoch, assignment } = await kit.claim(train?.attemptId ?? "", workerId);
  const { steps, settings } = assignment.params as ParamsOf<"train">;
  await beatAttempt(kit.deps, {
    attemptId,
    epoch,
    progress: { step: 1, totalSteps: steps, imagesPerSecond: 100, loss: 2.3 },
  });
  const experiment = experimentSchema.parse(await getExperiment(kit.deps, { identity, id: experimentId }));
  expect(experiment.progress).toMatchObject({ total: 6, active: 2, waiting: 4 });
  expect(experiment.etaSeconds).toBeGreaterThan(0);
  const own = experiment.stageRuns.find(({ kind }) => kind === "train");
  expect(own).toMatchObject({
    origin: "ran",
    trials: 2,
    attempts: 1,
    progress: { etaSeconds: ((steps - 1) * settings.batchSize) / 100 },
  });
  expect(stageRunSchema.parse(await getStageRun(kit.deps, { identity, id: own?.id ?? "" }))).toMatchObject({
    origin: null,
  });
  const [attempt] = await listAttempts(kit.deps, { identity, stageRunId: own?.id ?? "" });
  expect(attemptSchema.parse(attempt)).toMatchObject({ state: "running", worker: "gpu-1", step: 1, startStep: 0 });
  const { items } = workerListSchema.parse({ items: await listWorkers(kit.deps, { identity }) });
  expect(items).toMatchObject([{ name: "gpu-1", state: "busy", attemptId, imagesPerSecond: 100 }]);
});

test("trials are listed in the plan's order with what each reached", async () => {
  const { experimentId } = await kit.submit({ budgets: ["10%", "20%"], seeds: [1, 2] });
  await kit.drain(await kit.worker());
  const one = trialPageSchema.parse(await listTrials(kit.deps, { identity, experimentId, limit: 3 }));
  const two = await listTrials(kit.deps, { identity, experimentId, limit: 3, after: one.next ?? "" });
  const trials = [...one.items, ...two.items];
  expect(new Set(trials.map(({ budget, seed }) => `${budget} ${seed}`)).size).toBe(4);
  for (const trial of trials) {
    expect(trial).toMatchObject({ state: "succeeded", testAccuracy: 0.9 });
    expect(trial.needs.map(({ kind }) => kind)).toEqual(["train", "sensitivity", "mask-search", "distillation"]);
    expect(await getTrial(kit.deps, { identity, id: trial.id })).toEqual(trial);
  }
});

test("a trial has reached nothing before its last stage ends, whatever the AR model that it shares did", async () => {
  await kit.submit({ until: "train", budgets: undefined });
  await kit.drain(await kit.worker());
  const { experimentId } = await kit.submit({ budgets: ["10%"] });
  const { items } = await listTrials(kit.deps, { identity, experimentId, limit: 1 });
  expect(items).toMatchObject([{ reluCount: null, validationAccuracy: null, testAccuracy: null }]);
  expect(items[0]?.needs[0]).toMatchObject({ kind: "train", origin: "cached" });
});

test("the frontier alone is what all of its points say, without what a team may not see", async () => {
  await kit.submit({ budgets: ["10%"], seeds: [1, 2] });
  await kit.drain(await kit.worker());
  const [own, hidden] = await kit.db.prisma.stageRun.findMany({ where: { kind: "distillation" } });
  const known = await kit.db.prisma.frontierPoint.findFirstOrThrow({ where: { stageRunId: own?.id as string } });
  const points = Array.from({ length: 300 }, (_, index) => ({
    ...known,
    id: undefined,
    variant: `v${index}`,
    budget: 1_000 * (1 + (index % 40)),
    reluCount: 1_000 * (1 + (index % 40)) - (index % 3),
    validationAccuracy: Math.round(100 * (0.5 + 0.4 * Math.abs(Math.sin(index)))) / 100, // some are equal
  }));
  const best = {
    ...known,
    id: undefined,
    stageRunId: hidden?.id as string,
    variant: "v",
    reluCount: 1,
    validationAccuracy: 1,
  };
  await kit.db.prisma.frontierPoint.createMany({ data: [...points, best] });
  const other = await kit.caller("others");
  await kit.db.prisma.stageRun.update({ where: { id: hidden?.id as string }, data: { scopeTeamId: other.teamId } });
  const admin = await kit.caller("lab", "admin");
  for (const who of [identity, other, admin]) {
    const frontier = (selection: "all" | "frontier") =>
      getFrontier(kit.deps, { identity: who, dataset: "shapes", model: "resnet8", points: selection });
    const [all, alone] = [await frontier("all"), await frontier("frontier")];
    expect(alone.points).toEqual(all.points.filter(({ onFrontier }) => onFrontier));
    expect(alone.points.length).toBeGreaterThan(0);
    expect(alone.recommendation).toEqual({
      ...all.recommendation,
      validationAccuracy: expect.closeTo(all.recommendation?.validationAccuracy ?? 0, 12),
      testAccuracy: expect.closeTo(all.recommendation?.testAccuracy ?? 0, 12),
    });
    expect(alone.points.some(({ reluCount }) => reluCount === 1)).toBe(who !== identity);
  }
});

test("the frontier marks what validation accuracy leaves undominated, and recommends a trade-off", async () => {
  const { experimentId } = await kit.submit({ budgets: ["10%"] });
  await kit.drain(await kit.worker());
  const frontier = frontierSchema.parse(await getFrontier(kit.deps, { identity, dataset: "shapes", model: "resnet8" }));
  expect(frontier.points.map(({ method, onFrontier }) => ({ method, onFrontier }))).toEqual([
    { method: "ar", onFrontier: false }, // as accurate as the cheaper one
    { method: "senet", onFrontier: true },
  ]);
  const [ar, point] = frontier.points;
  expect(ar).toMatchObject({ reluCount: frontier.totalRelus, budget: null });
  expect(point).toMatchObject({ experimentId, recipe: expect.any(String) });
  expect(point?.images).toBeGreaterThan(ar?.images ?? Number.POSITIVE_INFINITY); // it stands on the AR model's training
  const { best } = await getExperiment(kit.deps, { identity, id: experimentId });
  expect(best).toEqual({
    method: "senet",
    reluCount: point?.reluCount,
    decidedBy: "validation",
    withinOnePoint: true,
    validationAccuracy: 0.9,
    testAccuracy: 0.9,
  });
  expect(frontier.recommendation).toEqual(best);
});

test("an experiment and its frontier recommend alike: the mean over seeds, by validation whatever the test part says", async () => {
  const { experimentId } = await kit.submit({ budgets: ["10%", "20%", "40%"], seeds: [1, 2] });
  await kit.drain(await kit.worker());
  const wanted: [number, number, number, number][] = [
    [7_372, 1, 0.95, 0.99], // a lucky seed: the mean is 0.85
    [7_372, 2, 0.75, 0.99],
    [14_745, 1, 0.9, 0.6],
    [14_745, 2, 0.89, 0.5],
    [29_491, 1, 0.91, 0.8],
    [29_491, 2, 0.91, 0.8],
  ];
  for (const [budget, seed, validationAccuracy, testAccuracy] of wanted) {
    const data = { reluCount: budget, validationAccuracy, testAccuracy };
    expect(await kit.db.prisma.frontierPoint.updateMany({ where: { budget, seed }, data })).toEqual({ count: 1 });
  }
  const { recommendation } = await getFrontier(kit.deps, { identity, dataset: "shapes", model: "resnet8" });
  const { best } = await getExperiment(kit.deps, { identity, id: experimentId });
  for (const found of [recommendation, best]) {
    expect(found).toMatchObject({ method: "senet", decidedBy: "validation", withinOnePoint: true });
    expect(found?.reluCount).toBe(14_745);
    expect(found?.validationAccuracy).toBeCloseTo(0.895, 12);
    expect(found?.testAccuracy).toBeCloseTo(0.55, 12);
  }
});

test("models are listed at every input size, with the ReLU layers that a mask covers", () => {
  const sides = listModels().flatMap(({ name, inputShape }) => (name === "resnet18" ? [inputShape[0]] : []));
  expect(sides).toEqual([32, 64, 224]);
  for (const model of listModels().map((found) => modelSchema.parse(found))) {
    expect(model.reluLayers.reduce((sum, { units }) => sum + units, 0)).toBe(model.reluCount);
  }
});

test("datasets are listed with those that workers found and cannot use, as long as the workers are there", async () => {
  const broken = { name: "torn", reason: "/data/torn: holds both val and test", fix: "keep the one to report on" };
  const other = { ...broken, reason: "/mnt/torn: may not be read" };
  const first = await kit.worker({ name: "gpu-1", unusableDatasets: [broken] });
  await kit.worker({ name: "gpu-2", unusableDatasets: [broken, other] });
  const list = async () => datasetListSchema.parse(await listDatasets(kit.deps, { identity }));
  expect(await list()).toMatchObject({
    items: [{ version: kit.dataset.version }],
    unusable: [
      { ...broken, workers: ["gpu-1", "gpu-2"] },
      { ...other, workers: ["gpu-2"] },
    ],
  });
  await leaveWorker(kit.deps, { workerId: first });
  expect((await list()).unusable.map(({ workers }) => workers)).toEqual([["gpu-2"], ["gpu-2"]]);
  await kit.worker({ name: "gpu-2" }); // started again with its data folder mended
  expect((await list()).unusable).toEqual([]);
});
