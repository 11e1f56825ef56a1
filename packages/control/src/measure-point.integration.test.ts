import { fullVariant, type PointMeasurement, pointMeasurementSchema } from "@reluctant/contracts";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  extendExperiment,
  findPoints,
  getExperiment,
  getFrontier,
  listTrialPoints,
  listTrials,
  measurePoint,
} from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

const asked = (change: Partial<PointMeasurement> = {}) => ({ ...pointMeasurementSchema.parse({}), ...change });
const measure = async (pointId: string, change: Partial<PointMeasurement> = {}, team?: string) =>
  measurePoint(kit.deps, { identity: await kit.caller(team), pointId, asked: asked(change) });

/** Points of a method, the largest budget first. */
async function pointsOf(method: string) {
  const identity = await kit.caller();
  const { points } = await getFrontier(kit.deps, { identity, dataset: "shapes", model: "resnet8" });
  return points
    .filter((point) => point.method === method)
    .sort((a, b) => Number(b.budget) - Number(a.budget) || a.seed - b.seed);
}

async function stageRunsOf(experimentId: string) {
  const { stageRuns } = await getExperiment(kit.deps, { identity: await kit.caller(), id: experimentId });
  return stageRuns.map(({ kind, origin, params }) => ({ kind, origin, ...(params.kind === kind && { params }) }));
}

test("one point's network is measured and no other, and nothing is trained for it", async () => {
  await kit.submit({ budgets: ["10%", "20%"], seeds: [1, 2] });
  const worker = await kit.worker();
  await kit.drain(worker);
  const point = (await pointsOf("senet")).find(({ seed }) => seed === 2);
  const { experimentId, body } = await measure(point?.id as string, { protocols: ["gmw"], profiles: ["wan"] });
  expect(body).toMatchObject({ trials: 1, seeds: [2], budgets: [point?.budget], methods: ["senet"] });
  const runs = await stageRunsOf(experimentId);
  expect(runs.filter(({ origin }) => origin !== "cached")).toMatchObject([
    { kind: "private-inference", params: { protocol: "gmw", profile: "wan", repeat: 1 } },
  ]);
  await kit.drain(worker);
  const measured = (await pointsOf("senet")).filter(({ measurements }) => measurements.length > 0);
  expect(measured.map(({ id }) => id)).toEqual([point?.id]);

  const again = await measure(point?.id as string, { protocols: ["gmw"], profiles: ["wan"], remeasure: true });
  expect((await stageRunsOf(again.experimentId)).filter(({ origin }) => origin !== "cached")).toMatchObject([
    { params: { repeat: 2 } },
  ]);
});

test("a trial tells of its own network alone, with what was measured of it by any experiment", async () => {
  const { experimentId } = await kit.submit({ budgets: ["10%", "20%"] });
  const identity = await kit.caller();
  const { items: trials } = await listTrials(kit.deps, { identity, experimentId, limit: 10 });
  const pointsOfTrials = () => Promise.all(trials.map(({ id }) => listTrialPoints(kit.deps, { identity, id })));
  expect(await pointsOfTrials()).toEqual([[], []]);
  const worker = await kit.worker();
  await kit.drain(worker);
  const [[point] = []] = await pointsOfTrials();
  await measure(point?.id as string);
  await kit.drain(worker);
  const told = (await pointsOfTrials()).flat();
  expect(told.map(({ budget }) => budget)).toEqual(trials.map(({ budget }) => budget));
  expect(told.map(({ measurements }) => measurements.length)).toEqual([1, 0]);
  await expect(
    listTrialPoints(kit.deps, { identity: await kit.caller("studio"), id: trials[0]?.id as string }),
  ).rejects.toMatchObject({ code: "not-found" });
});

test("a fault is told under the name of the field that was asked", async () => {
  await kit.submit({ budgets: ["10%"] });
  await kit.drain(await kit.worker());
  const [point] = await pointsOf("senet");
  const fault = (change: Partial<PointMeasurement>) => measure(point?.id as string, change);
  await expect(fault({ system: "gazelle", linear: "dealer" })).rejects.toMatchObject({ errors: [{ field: "linear" }] });
  await expect(fault({ samples: 5, batch: 2 })).rejects.toMatchObject({
    code: "invalid-spec",
    errors: [{ field: "batch", message: "5 samples are no whole number of batches of 2" }],
  });
});

test("of a descent that was extended, the network is that of the spec that led to it", async () => {
  const { experimentId } = await kit.submit({ methods: ["continuation"], budgets: ["10%", "20%"] });
  const worker = await kit.worker();
  await kit.drain(worker);
  await extendExperiment(kit.deps, {
    identity: await kit.caller(),
    experimentId,
    extension: { budgets: [{ percent: 5 }] },
  });
  await kit.drain(worker);
  const [wide, middle, narrow] = await pointsOf("continuation");
  for (const point of [wide, middle]) await measure(point?.id as string);
  await kit.drain(worker);
  const points = await pointsOf("continuation");
  expect(points.map(({ measurements }) => measurements.length)).toEqual([1, 1, 0]);
  // The descent that reached it went through the other budgets, too, of which nothing was distilled.
  await expect(measure(narrow?.id as string)).rejects.toThrow(
    "cannot be measured without training: 2 of the stage runs that its spec leads to have no result, such as a distillation",
  );
});

test("a point is found by its first digits, by those who may see it", async () => {
  await kit.submit({ budgets: ["10%", "20%"] });
  await kit.drain(await kit.worker());
  const [one, other] = await pointsOf("senet");
  const alike = `${one?.id.slice(0, 8)}-0000-4000-8000-000000000000`;
  await kit.db.prisma.frontierPoint.update({ where: { id: other?.id as string }, data: { id: alike } });
  const found = async (begins: string, team?: string) =>
    (await findPoints(kit.deps, { identity: await kit.caller(team), begins })).map(({ id }) => id);
  expect(await found(one?.id.slice(0, 8) as string)).toEqual([one?.id, alike].sort());
  expect(await found(alike.slice(0, 13))).toEqual([alike]);
  expect(await found(one?.id as string)).toEqual([one?.id]);
  expect(await found("00000000-0000-4000-8000-000000000000")).toEqual([]);
  await kit.db.prisma.stageRun.updateMany({ data: { scopeTeamId: (await kit.caller()).teamId } });
  expect(await found(one?.id as string, "studio")).toEqual([]);
});

test("what cannot be measured is told by its reason", async () => {
  await kit.submit({ budgets: ["10%"], methods: ["senet", "senet++"], settings: { slimmable: { widths: [0.5] } } });
  await kit.drain(await kit.worker());
  const [point] = await pointsOf("senet");
  const [reference] = await pointsOf("ar");
  const narrow = (await pointsOf("senet++")).find(({ variant }) => variant !== fullVariant);
  await expect(measure(narrow?.id as string)).rejects.toThrow("is a network of 0.5 × the width");
  await expect(measure("00000000-0000-4000-8000-000000000000")).rejects.toMatchObject({ code: "not-found" });
  await expect(measure(reference?.id as string)).rejects.toThrow("is an all-ReLU model");
  await expect(measure(point?.id as string, {}, "studio")).rejects.toThrow("was reached by another team");
  await kit.db.prisma.stageRun.updateMany({ where: { kind: "train" }, data: { stageKey: "0".repeat(64) } }); // of another version
  await expect(measure(point?.id as string)).rejects.toThrow(
    "cannot be measured without training: 1 of the stage runs",
  );
});
