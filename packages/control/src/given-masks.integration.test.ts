import type { ExperimentSpecInput } from "@reluctant/contracts";
import { type Model, models, reluLayers } from "@reluctant/relu";
import { encodeStudent, initialWeights } from "@reluctant/stages";
import { datasetOf, type Kit, setup, sha256, specOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Caller,
  extendExperiment,
  getFrontier,
  importArtifact,
  planExperiment,
  registerDataset,
} from "./index.ts";

let kit: Kit;
let identity: Caller;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
});
afterEach(() => kit.close());

async function* inOnePiece(bytes: Uint8Array) {
  yield bytes;
}
const keep = async (bytes: Uint8Array) =>
  (await importArtifact(kit.deps, { identity, mediaType: "application/x-test", bytes: inOnePiece(bytes) })).sha256;

/** A ResNet-8 that keeps the 16,384 ReLUs of its second layer. */
function network({ classes = 10, polynomials = new Map<string, Float32Array>() } = {}): Uint8Array {
  const model = models.resnet8?.build([32, 32, 3], classes) as Model;
  const masks = reluLayers(model).map(({ units }, layer) => new Uint8Array(units).fill(Number(layer === 1)));
  return encodeStudent(model, initialWeights(model, 1), masks, polynomials);
}

const continued = { methods: ["continuation"], budgets: [5_000] };
const refused = (change: Partial<ExperimentSpecInput>, ...errors: { field: string; message: unknown }[]) =>
  expect(kit.submit(change)).rejects.toMatchObject({ code: "invalid-spec", errors });

test("a descent goes on from an imported network, and its points stand beside those from all ReLUs", async () => {
  const startMasks = await keep(network());
  const spec = specOf({ ...continued, startMasks });
  const planned = await planExperiment(kit.deps, { identity, spec });
  expect(planned.stageRuns.map(({ kind }) => kind)).toEqual(["train", "sensitivity", "mask-search", "distillation"]);
  await kit.submit({ ...continued, startMasks, name: "from an import" });
  await kit.submit({ ...continued, name: "from all" });
  const done = await kit.drain(await kit.worker());
  expect(done).toHaveLength(6); // the AR model and the sensitivities are the same
  const inputs = await kit.db.prisma.stageRunInput.findMany({ where: { name: "start" } });
  expect(inputs).toMatchObject([{ sha256: startMasks, sourceStageRunId: null }]);
  const { points } = await getFrontier(kit.deps, { identity, dataset: "shapes", model: "resnet8" });
  const sources = points.flatMap(({ method, source }) => (method === "ar" ? [] : [source?.sha256 ?? null]));
  expect(new Set(sources)).toEqual(new Set([startMasks, null]));
});

test("a start that does not fit is refused by its field, before anything is trained", async () => {
  const startMasks = await keep(network());
  const message = "is 16385 ReLUs; a search from startMasks only removes, and they keep 16384";
  await refused({ ...continued, budgets: [16_385], startMasks }, { field: "budgets[0]", message });
  const model = expect.stringContaining("is of a resnet8; the spec's model is resnet20");
  await refused({ ...continued, model: "resnet20", startMasks }, { field: "startMasks", message: model });
  await refused(
    { ...continued, startMasks: await keep(network({ classes: 3 })) },
    { field: "startMasks", message: "is of a network of 3 classes; shapes has 10" },
  );
  const polynomials = new Map([["relu1", new Float32Array(48)]]);
  await refused(
    { ...continued, startMasks: await keep(network({ polynomials })) },
    { field: "startMasks", message: expect.stringContaining("compute polynomials") },
  );
  await refused(
    { ...continued, startMasks: await keep(Buffer.from("text")) },
    { field: "startMasks", message: expect.stringContaining("which is no masks") },
  );
  await refused(
    { methods: ["senet", "continuation"], budgets: [5_000], startMasks },
    { field: "methods[0]", message: "senet begins at all ReLUs; of continuation alone startMasks are the start" },
  );
  expect(await kit.db.prisma.experiment.count()).toBe(0);
});

test("masks of another model or data set are refused, to search from and to distil alike", async () => {
  const other = { ...datasetOf({ name: "letters" }), version: sha256("letters") };
  await registerDataset(kit.deps, other);
  const [masks, arModel] = [await keep(network()), await keep(Buffer.from("weights"))];
  const given = { methods: ["senet"], budgets: undefined, arModel, masks };
  await refused(
    { ...given, model: "resnet20" },
    { field: "masks", message: expect.stringContaining("is of a resnet8") },
  );
  await kit.submit(given);
  await kit.drain(await kit.worker());
  const message = "is of a network for shapes; the spec's data set is letters";
  await refused({ ...given, dataset: "letters" }, { field: "masks", message });
  await refused({ ...continued, dataset: "letters", startMasks: masks }, { field: "startMasks", message });
});

test("an experiment is not extended by a budget above its start's ReLUs", async () => {
  const { experimentId } = await kit.submit({ ...continued, startMasks: await keep(network()) });
  const extension = { budgets: [{ count: 20_000 }] };
  await expect(extendExperiment(kit.deps, { identity, experimentId, extension })).rejects.toMatchObject({
    errors: [{ field: "budgets[1]" }],
  });
});
