import { type DatasetCard, datasetDetailSchema, datasetListSchema, type PreparingDataset } from "@reluctant/contracts";
import { datasetOf, type Kit, setup, specOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Caller,
  dispatch,
  explainWaiting,
  getDataset,
  getDatasetSheet,
  getExperiment,
  getFrontier,
  keepDatasetCard,
  listDatasets,
  planExperiment,
  registerDataset,
  tellDatasets,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

const preparing = (name: string, done: number): PreparingDataset => ({
  name,
  step: "decoding",
  done,
  total: 100,
  imagesPerSecond: 10,
  etaSeconds: 5,
});

test("a renamed folder is the same version under a further name, for specs, plans and frontiers", async () => {
  const { version } = kit.dataset;
  expect(await registerDataset(kit.deps, datasetOf({ name: "renamed" }))).toMatchObject({ name: "renamed", version });
  await registerDataset(kit.deps, datasetOf({ name: "renamed" })); // at each start of a worker
  const { items } = datasetListSchema.parse(await listDatasets(kit.deps, { identity }));
  expect(items.map(({ name, alsoNamed, version }) => ({ name, alsoNamed, version }))).toEqual([
    { name: "renamed", alsoNamed: ["shapes"], version },
    { name: "shapes", alsoNamed: ["renamed"], version },
  ]);

  await kit.submit({ budgets: ["10%"] });
  await kit.drain(await kit.worker());
  for (const dataset of ["renamed", `renamed@${version.slice(0, 12)}`]) {
    const { stageRuns } = await planExperiment(kit.deps, { identity, spec: specOf({ dataset, budgets: ["10%"] }) });
    expect(stageRuns.map(({ known }) => known)).toEqual(stageRuns.map(() => "cached"));
    const [one, other] = [dataset, "shapes"].map((name) =>
      getFrontier(kit.deps, { identity, dataset: name, model: "resnet8" }),
    );
    expect((await one)?.points).toEqual((await other)?.points);
  }
  const { experimentId } = await kit.submit({ dataset: "renamed", budgets: ["10%"] });
  const { stageRuns } = await getExperiment(kit.deps, { identity, id: experimentId });
  expect(stageRuns.every(({ origin }) => origin === "cached")).toBe(true);
});

test("a name goes to what was last registered under it, whichever of a version's names it is", async () => {
  const other = "2".repeat(64);
  await registerDataset(kit.deps, datasetOf({ name: "shapes", version: other }));
  await registerDataset(kit.deps, datasetOf({ name: "renamed", version: other }));
  await registerDataset(kit.deps, datasetOf({ name: "renamed" }));
  const plan = async (dataset: string) =>
    (await planExperiment(kit.deps, { identity, spec: specOf({ dataset }) })).datasetVersion;
  expect([await plan("shapes"), await plan("renamed")]).toEqual([other, kit.dataset.version]);
});

test("data sets that workers prepare are listed as far as the furthest is, and a spec is told of them", async () => {
  await kit.worker({ name: "gpu-1", preparingDatasets: [preparing("fruit", 7), preparing("cars", 0)] });
  await kit.worker({ name: "gpu-2", preparingDatasets: [preparing("fruit", 43)] });
  const list = datasetListSchema.parse(await listDatasets(kit.deps, { identity }));
  expect(list.preparing).toEqual([
    { ...preparing("cars", 0), workers: ["gpu-1"] },
    { ...preparing("fruit", 43), workers: ["gpu-1", "gpu-2"] },
  ]);
  await expect(planExperiment(kit.deps, { identity, spec: specOf({ dataset: "fruit" }) })).rejects.toThrow(
    /"fruit" is being prepared on gpu-1, gpu-2 \(43 %\): submit again/,
  );
});

test("what waits for a data set is told where it is prepared, and dispatched once that worker has it", async () => {
  const workerId = await kit.worker({ name: "gpu-1", datasets: [], preparingDatasets: [preparing("shapes", 43)] });
  const { experimentId } = await kit.submit({ until: "train", budgets: undefined });
  const { stageRuns } = await getExperiment(kit.deps, { identity, id: experimentId });
  const stageRunId = stageRuns[0]?.id as string;
  expect(await explainWaiting(kit.deps, { identity, stageRunId })).toEqual({
    waiting: { code: "no-worker", message: "data set shapes is being prepared on worker gpu-1 (43 %)" },
  });
  expect(await dispatch(kit.deps)).toEqual([]);
  kit.published.length = 0;
  const { version } = kit.dataset;
  await tellDatasets(kit.deps, { workerId, datasets: [version], preparingDatasets: [], unusableDatasets: [] });
  expect(kit.published).toContain("dispatch");
  expect(await dispatch(kit.deps)).toMatchObject([{ stageRunId }]);
});

test("a version's card is kept as it was made first, and shown under each of its names", async () => {
  const { version, name } = kit.dataset;
  const identified = { identity, dataset: name };
  expect(datasetDetailSchema.parse(await getDataset(kit.deps, identified)).card).toBeNull();
  await expect(getDatasetSheet(kit.deps, identified)).rejects.toMatchObject({ code: "not-found" });
  const card: DatasetCard = {
    classes: [{ name: "a", train: 9, validation: 1, test: 2 }],
    preparation: null,
    sheet: { rows: 1, columns: 12, side: 64, gap: 4 },
  };
  const preparation = {
    duplicates: [
      {
        between: ["train", "test"] as ["train", "test"],
        images: 1,
        examples: [["train/a/1", "test/a/1"]] as [string, string][],
      },
    ],
    broken: { images: 1, examples: [{ file: "a/2.png", reason: "is cut" }] },
  };
  await keepDatasetCard(kit.deps, { version, card, sheet: Buffer.from("old") });
  await keepDatasetCard(kit.deps, { version, card: { ...card, preparation }, sheet: Buffer.from("new") });
  await keepDatasetCard(kit.deps, { version, card, sheet: Buffer.from("worse") });
  await registerDataset(kit.deps, datasetOf({ name: "renamed" }));
  const shown = await getDataset(kit.deps, { identity, dataset: `renamed@${version.slice(0, 8)}` });
  expect(datasetDetailSchema.parse(shown)).toMatchObject({
    name: "renamed",
    alsoNamed: [name],
    card: { ...card, preparation },
  });
  expect(Buffer.from((await getDatasetSheet(kit.deps, identified)).sheet).toString()).toBe("new");
  await expect(getDataset(kit.deps, { identity, dataset: "none" })).rejects.toThrow(/choose one of renamed, shapes/);
});
