import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { discoverDatasets } from "./discover.ts";
import { manifest, splitSizes, subset } from "./manifest.ts";
import { prepare } from "./prepare.ts";

const checkout = join(import.meta.dirname, "../../..");
const folders = [process.env.RELUCTANT_DATA, join(checkout, "../shared/data"), join(checkout, "data")];
const cifar = (await discoverDatasets(folders.filter((folder) => folder !== undefined))).find(
  ({ name }) => name === "cifar10",
);

const missing = cifar ? undefined : "no cifar10-train.tar.gz and cifar10-val.tar.gz in data/ or RELUCTANT_DATA";

test("CIFAR-10 splits into 45,000, 5,000 and 5,000, ten classes each in its share", {
  timeout: 60_000,
  ...skipFor(missing),
}, async () => {
  if (!cifar) throw new Error("skipped without the archives");
  const whole = await manifest(cifar);
  expect(splitSizes(whole)).toEqual({ train: 45_000, validation: 5_000, test: 5_000 });
  const perClass = whole.classes.map(
    (_, label) => whole.samples.filter((s) => s.split === "validation" && s.label === label).length,
  );
  expect(perClass).toEqual(new Array(10).fill(500));

  const cacheDir = await mkdtemp(join(tmpdir(), "cifar-"));
  onTestFinished(() => rm(cacheDir, { recursive: true }));
  const small = subset(whole, { train: 200, validation: 20, test: 20 });
  const reader = await prepare({ source: cifar, manifest: small, cacheDir });
  onTestFinished(() => reader.close());
  expect(reader).toMatchObject({
    inputShape: [32, 32, 3],
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
  });
  // The pixels are natural images in the right order of channels and scale: their mean is near the published one.
  const { images } = await reader.batch(
    "train",
    Uint32Array.from({ length: 200 }, (_, index) => index),
  );
  for (const [channel, mean] of reader.mean.entries()) {
    const values = images.filter((_, i) => i % 3 === channel);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length / 255 - mean)).toBeLessThan(0.04);
  }
});
