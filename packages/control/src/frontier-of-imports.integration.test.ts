import { frontierSchema } from "@reluctant/contracts";
import { type Model, models, reluLayers } from "@reluctant/relu";
import { encodeStudent } from "@reluctant/stages";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, getFrontier, importArtifact } from "./index.ts";

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
const kept = async (bytes: Uint8Array) =>
  (await importArtifact(kit.deps, { identity, mediaType: "application/x-test", bytes: inOnePiece(bytes) })).sha256;
const artifact = (text: string) => kept(Buffer.from(text));
/** Masks of a ResNet-8 that keep one layer. */
function masksFile(): Uint8Array {
  const model = models.resnet8?.build([32, 32, 3], 10) as Model;
  const masks = reluLayers(model).map(({ units }, layer) => new Uint8Array(units).fill(Number(layer === 1)));
  return encodeStudent(model, new Map(), masks);
}
const asked = { dataset: "shapes", model: "resnet8" };
const frontier = async (caller = identity) =>
  frontierSchema.parse(await getFrontier(kit.deps, { identity: caller, ...asked }));

const imported = { recipe: "imported", methods: ["imported"], budgets: undefined };

test("points of two imported files name each its own, and count as no seeds of one another", async () => {
  const worker = await kit.worker();
  const [best, last, masks] = [await artifact("best"), await artifact("last"), await kept(masksFile())];
  await kit.submit({ ...imported, name: "import best.pth", arModel: best, until: "train" });
  await kit.drain(worker, 0.9);
  await kit.submit({ ...imported, name: "import last.pth", arModel: last, until: "train" });
  await kit.drain(worker, 0.5);
  await kit.submit({ ...imported, name: "import snl.pth", arModel: last, masks });
  await kit.drain(worker, 0.7);
  await kit.submit({ arModel: best }); // a search from an import bears its name, too
  await kit.drain(worker, 0.8);
  const { points, recommendation } = await frontier();
  expect(points.map(({ method, source }) => [method, source?.name, source?.sha256])).toEqual(
    expect.arrayContaining([
      ["ar", "import best.pth", best],
      ["ar", "import last.pth", last],
      ["imported", "import snl.pth", masks],
      ["senet", "import best.pth", best],
    ]),
  );
  expect(points).toHaveLength(4);
  // Within a point of the better AR model, not of the mean of both: that lies at 0.7.
  expect(recommendation).toMatchObject({ withinOnePoint: false, validationAccuracy: 0.8 });
  const alone = await getFrontier(kit.deps, { identity, ...asked, points: "frontier" });
  expect(alone.recommendation).toEqual(recommendation);
});

test("what was trained here from its first step names no source, and given weights that nobody evaluated no name", async () => {
  const worker = await kit.worker();
  await kit.submit();
  await kit.submit({ arModel: await artifact("weights") });
  await kit.drain(worker);
  const sources = (await frontier()).points.map(({ method, source }) => [method, source?.name ?? null]);
  expect(sources.sort()).toEqual([
    ["ar", null],
    ["senet", null],
    ["senet", null],
  ]);
});
