/** Data sets that were registered before more layouts were read keep their names and versions. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Files, image, tarOf } from "../../../test/imports/data-files.ts";
import { discoverDatasets } from "./discover.ts";
import { type Manifest, manifest, versionOf } from "./manifest.ts";

async function only(files: Files) {
  const root = await mkdtemp(join(tmpdir(), "kept-versions-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const [source, ...others] = await discoverDatasets([root]);
  if (!source || others.length > 0) throw new Error(`${others.length + (source ? 1 : 0)} data sets were discovered`);
  return source;
}

const streamed = '{"resize": 4, "crop": 4, "streamed": true}';
/** One pixel. Written out, so that versions do not hang on who encodes it. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const images = (folder: string, count: number): Files =>
  Object.fromEntries(
    ["cat", "dog"].flatMap((name) => Array.from({ length: count }, (_, i) => [`${folder}/${name}/${i}.png`, png])),
  );

const parts = ({ samples }: Manifest) => [...new Set(samples.map(({ name }) => name.slice(0, name.indexOf("/"))))];

test.each([
  ["test", ["test", "train"], "229afafa8294e2dc9ba6305e2667bfc5449dcdf9f72ea1eee0e73bfba6135732"],
  ["val", ["train", "test"], "883c225227b8bedd851946f99eda1bd2a134969c1efe7c12edc83b9aa736c92d"], // the folder `val` is the test part, and comes behind `train`
])(
  "a streamed data set of train and %s has its images in the order of the folders",
  async (heldOut, order, version) => {
    const source = await only({
      ...images("wild/train", 10),
      ...images(`wild/${heldOut}`, 2),
      "wild.preprocess.json": streamed,
    });
    const described = await manifest(source);
    expect(parts(described)).toEqual(order);
    expect(versionOf(described)).toBe(version);
  },
);

const shard = async (from: number, count: number) => {
  const files: Record<string, Uint8Array | string> = {};
  for (let number = from; number < from + count; number++) {
    files[`${number}.png`] = await image([number % 2, number, 0]);
    files[`${number}.cls`] = `${number % 2}`;
  }
  return tarOf(files);
};

test.each(["my_data", "my-data", "a_b-c", "data.v1"])("shards of %s are of that data set", async (name) => {
  const source = await only({
    [`${name}-train-000000.tar`]: await shard(0, 10),
    [`${name}-val-000000.tar`]: await shard(10, 2),
    [`${name}.preprocess.json`]: '{"resize": 2, "crop": 2}',
  });
  expect(source.name).toBe(name);
  expect((await manifest(source)).inputShape).toEqual([2, 2, 3]);
});
