/** Tables that do not make one whole are refused: what is missing or numbered otherwise would train as something else. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parquetOf } from "../../../../test/imports/data-files.ts";
import { folderTree } from "../tree/folder-tree.ts";
import { parquet } from "./parquet.ts";

const table = (names: readonly string[] = ["cat", "dog"]) =>
  parquetOf([Buffer.from("x"), Buffer.from("y")], [0, 1], names);

async function planOf(files: Readonly<Record<string, Uint8Array>>) {
  const root = await mkdtemp(join(tmpdir(), "parquet-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
  const detection = await parquet.detect(folderTree(root));
  if (!detection || "lacks" in detection) throw new Error("the layout was not detected");
  return detection.plan({});
}

const tables = (names: readonly string[]) => Object.fromEntries(names.map((name) => [`${name}.parquet`, table()]));
const tested = "test-00000-of-00001";

test.each([
  [["train-00000-of-00003", "train-00002-of-00003", tested], "train-00001-of-00003"],
  [["train-00001-of-00002", tested], "train-00000-of-00002"],
  [["train-00000-of-00002", tested], "train-00001-of-00002"],
  [["train-00000-of-00001", "test-1-of-3", "test-3-of-3"], "test-2-of-3"], // some count from 1
])("of %j it is told that %s is missing", async (names, missing) => {
  await expect(planOf(tables(names))).rejects.toThrow(`: lacks ${missing}.parquet; fetch it, too`);
});

test.each([
  [["train-00000-of-00002", "train-00001-of-00002", tested]],
  [["train-1-of-2", "train-2-of-2", tested]],
  [["train", "test"]],
  [["train-00000-of-00001", "validation-00001-of-00002", tested]], // of a part that is left out
])("%j are whole", async (names) => {
  const { classes } = await (await planOf(tables(names))).count();
  expect([...classes.keys()]).toEqual(["cat", "dog"]);
});

test("tables that number their classes in another order are refused", async () => {
  const files = { "train.parquet": table(["cat", "dog"]), "test.parquet": table(["dog", "cat"]) };
  await expect(planOf(files)).rejects.toThrow(
    /test\.parquet: names its classes otherwise than train\.parquet, or in another order; take the tables of one/,
  );
});
