import { type DatasetRegistration, ReluctantError } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { registerDatasets } from "./datasets.ts";

const registration = (name: string): DatasetRegistration => ({
  name,
  version: "0".repeat(64),
  classes: ["a", "b"],
  inputShape: [4, 4, 3],
  splits: { train: 18, validation: 2, test: 2 },
});
const broken = { name: "torn", reason: "/data/torn: holds both val and test", fix: "keep one" };

test("a data set that the installation has under another name keeps the worker from none of the others", async () => {
  const found = { usable: [registration("twin"), registration("good")], unusable: [broken] };
  const registered = await registerDatasets(found, async ({ name }) => {
    if (name === "twin") throw new ReluctantError("conflict", "dataset version 000 is registered as first already");
  });
  expect(registered).toEqual({
    usable: [registration("good")],
    unusable: [
      broken,
      {
        name: "twin",
        reason: "dataset version 000 is registered as first already",
        fix: "use it under that name, or rename it so on this machine",
      },
    ],
  });
});

test("what is not the data set's fault ends the worker", async () => {
  const lost = registerDatasets({ usable: [registration("good")], unusable: [] }, async () => {
    throw new Error("Postgres is gone");
  });
  await expect(lost).rejects.toThrow("Postgres is gone");
});
