import { expect, test } from "vitest";
import { seriesNames } from "./series-names.ts";

const source = (digit: string, name: string | null) => ({ sha256: digit.repeat(64), name });
const named = (...points: Parameters<typeof seriesNames>[0]) => points.map(seriesNames(points));

test("a series is called as its method where its points are of one given network, or of none", () => {
  expect(named({ method: "senet", source: null })).toEqual(["senet"]);
  expect(named({ method: "senet", source: source("a", "import best.pth") })).toEqual(["senet"]);
});

test("imports are called as they came in", () => {
  const [a, b] = [source("a", "import best.pth"), source("b", "import last.pth")];
  expect(named({ method: "imported", source: a }, { method: "imported", source: b })).toEqual([
    "import best.pth",
    "import last.pth",
  ]);
  expect(named({ method: "imported", source: source("c", null) })).toEqual(["imported, cccccccc"]);
});

test("a method that began at several networks has a series for each", () => {
  const points = [null, source("a", "import best.pth"), source("b", null)];
  expect(named(...points.map((source) => ({ method: "continuation", source })))).toEqual([
    "continuation",
    "continuation, import best.pth",
    "continuation, bbbbbbbb",
  ]);
});

test("two files of one name are told apart by their hashes", () => {
  const [a, b] = [source("a", "import best.pth"), source("b", "import best.pth")];
  expect(named({ method: "imported", source: a }, { method: "imported", source: b })).toEqual([
    "import best.pth aaaaaaaa",
    "import best.pth bbbbbbbb",
  ]);
});
