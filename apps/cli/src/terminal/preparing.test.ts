import type { PreparingDataset } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { preparingLine, readyLine, unusableLine } from "./preparing.ts";
import { rendered } from "./print.ts";
import type { Text } from "./text.ts";

const decoding: PreparingDataset = {
  name: "cifar10",
  step: "decoding",
  done: 6_000,
  total: 60_000,
  imagesPerSecond: 600,
  etaSeconds: 90,
};

const plain = (text: Text) => rendered(text, { isTTY: false });
const text = (dataset: PreparingDataset) => plain(preparingLine(dataset).text);

test("a data set that is prepared has a bar with rate and time left once its images are counted", () => {
  const reading = { ...decoding, step: "reading", done: 500, total: null, imagesPerSecond: null } as const;
  expect(text(reading)).toBe("reading   cifar10  500 images  – img/s");
  expect(text(decoding)).toBe("decoding  cifar10  ██░░░░░░░░░░░░░░  10 %  6,000/60,000 images  600 img/s  ETA 1:30");
  expect(text({ ...decoding, step: "waiting" })).toBe("waiting   cifar10");
  expect(plain(readyLine({ name: "cifar10", splits: { train: 45_000, validation: 5_000, test: 10_000 } }))).toBe(
    "ready     cifar10  60,000 images",
  );
});

test("a data set that cannot be used is told on one plain line, with reason and fix", () => {
  expect(unusableLine({ name: "both", reason: "/data/both: x", fix: "keep one" })).toBe(
    "The data set both cannot be used: /data/both: x. To mend it: keep one",
  );
});
