import { type DatasetRegistration, ReluctantError } from "@reluctant/contracts";
import { expect, test, vi } from "vitest";
import { registerDatasets } from "./datasets.ts";

const registration = (name: string): DatasetRegistration => ({
  name,
  version: "0".repeat(64),
  classes: ["a", "b"],
  inputShape: [4, 4, 3],
  splits: { train: 18, validation: 2, test: 2 },
});
const broken = { name: "torn", reason: "/data/torn: holds both val and test", fix: "keep one" };

const log = { info: vi.fn() };

test("a data set that the installation has under another name is used under that, which is told", async () => {
  const found = { usable: [registration("twin"), registration("good")], unusable: [broken] };
  const known = async ({ name }: { name: string }) => ({ name: name === "twin" ? "first" : name });
  const registered = await registerDatasets(found, known, log);
  expect(registered).toEqual({ usable: [registration("first"), registration("good")], unusable: [broken] });
  expect(log.info.mock.calls).toEqual([[{ dataset: "twin", name: "first" }, expect.stringContaining("another name")]]);
});

test("one whose names are not taken keeps the worker from none of the others", async () => {
  const found = { usable: [registration("odd"), registration("good")], unusable: [broken] };
  const registered = await registerDatasets(
    found,
    async (dataset) => {
      if (dataset.name === "odd") throw new ReluctantError("invalid-request", "classes[0]: holds a control character");
      return dataset;
    },
    log,
  );
  expect(registered).toEqual({
    usable: [registration("good")],
    unusable: [
      broken,
      {
        name: "odd",
        reason: "classes[0]: holds a control character",
        fix: "rename the folders or classes that are named here",
      },
    ],
  });
});

test("what is not the data set's fault ends the worker", async () => {
  const gone = async () => {
    throw new Error("Postgres is gone");
  };
  const lost = registerDatasets({ usable: [registration("good")], unusable: [] }, gone, log);
  await expect(lost).rejects.toThrow("Postgres is gone");
});
