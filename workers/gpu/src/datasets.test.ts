import { type DatasetRegistration, ReluctantError } from "@reluctant/contracts";
import { expect, test, vi } from "vitest";
import { DatasetsInPreparation } from "./datasets.ts";

const registration = (name: string, digit = "0"): DatasetRegistration => ({
  name,
  version: digit.repeat(64),
  classes: ["a", "b"],
  inputShape: [4, 4, 3],
  splits: { train: 18, validation: 2, test: 2 },
});
const broken = { name: "torn", reason: "/data/torn: holds both val and test", fix: "keep one" };
const progress = {
  dataset: "big",
  step: "decoding",
  done: 43,
  total: 100,
  seconds: 6,
  imagesPerSecond: 7,
  etaSeconds: 8,
} as const;

function setup(register = vi.fn(async (_: DatasetRegistration): Promise<unknown> => undefined)) {
  const log = { info: vi.fn(), error: vi.fn() };
  const keepCard = vi.fn(async () => {});
  return { datasets: new DatasetsInPreparation({ register, keepCard }, log), register, keepCard, log };
}

test("those that were met before are there at once, the others as they are prepared, with how far they are", async () => {
  const { datasets, register, log } = setup();
  await datasets.hear({ type: "ready", dataset: registration("good") });
  await datasets.hear({ type: "unusable", dataset: broken });
  await datasets.hear({ type: "opened", left: ["big", "twin"] });
  const none = { step: "waiting", done: 0, total: null, imagesPerSecond: null, etaSeconds: null };
  expect(datasets.now).toEqual({
    datasets: ["0".repeat(64)],
    preparingDatasets: [
      { name: "big", ...none },
      { name: "twin", ...none },
    ],
    unusableDatasets: [broken],
  });
  await datasets.hear({ type: "progress", progress });
  const { dataset: name, seconds: _, ...far } = progress;
  expect(datasets.now.preparingDatasets).toEqual([
    { name, ...far },
    { name: "twin", ...none },
  ]);
  expect(log.info.mock.calls).toEqual([
    [expect.objectContaining({ dataset: "big", percent: 43 }), "decoding a data set"],
  ]);
  await datasets.hear({ type: "ready", dataset: registration("big", "1") });
  await datasets.hear({ type: "ready", dataset: registration("twin") }); // the version of the first, under a further name
  await datasets.hear({ type: "done" });
  expect(datasets.now.datasets).toEqual(["0".repeat(64), "1".repeat(64)]);
  expect(datasets.now.preparingDatasets).toEqual([]);
  expect(register.mock.calls.map(([{ name }]) => name)).toEqual(["good", "big", "twin"]);
});

test("one whose names are not taken keeps the worker from none of the others", async () => {
  const { datasets } = setup(
    vi.fn(async (dataset) => {
      if (dataset.name === "odd") throw new ReluctantError("invalid-request", "classes[0]: holds a control character");
    }),
  );
  await datasets.hear({ type: "ready", dataset: registration("odd", "1") });
  await datasets.hear({ type: "ready", dataset: registration("good") });
  expect(datasets.now).toEqual({
    datasets: ["0".repeat(64)],
    preparingDatasets: [],
    unusableDatasets: [
      {
        name: "odd",
        reason: "classes[0]: holds a control character",
        fix: "rename the folders or classes that are named here",
      },
    ],
  });
});

test("what is not the data set's fault is thrown, and what was still to be prepared is told as unusable", async () => {
  const { datasets } = setup(
    vi.fn(async () => {
      throw new Error("Postgres is gone");
    }),
  );
  await datasets.hear({ type: "opened", left: ["big"] });
  await expect(datasets.hear({ type: "ready", dataset: registration("big") })).rejects.toThrow("Postgres is gone");
  datasets.lost("SIGKILL");
  expect(datasets.now.preparingDatasets).toEqual([]);
  expect(datasets.now.unusableDatasets).toMatchObject([{ name: "big", reason: expect.stringContaining("SIGKILL") }]);
});

test("a card is kept of what is registered, and of nothing else", async () => {
  const { datasets, keepCard } = setup();
  const sheet = { rows: 0, columns: 12, side: 64, gap: 4 };
  const card = { type: "card" as const, card: { classes: [], preparation: null, sheet }, sheet: "AAE=" };
  await datasets.hear({ type: "ready", dataset: registration("good") });
  await datasets.hear({ ...card, version: "0".repeat(64) });
  await datasets.hear({ ...card, version: "1".repeat(64) });
  expect(keepCard.mock.calls).toEqual([[expect.objectContaining({ version: "0".repeat(64), sheet: Buffer.of(0, 1) })]]);
});
