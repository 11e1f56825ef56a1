import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { UnusableDataset } from "@reluctant/contracts";
import sharp from "sharp";
import { pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { zipOf } from "../../../test/imports/data-files.ts";
import { requireDataFolders } from "./data-folders.ts";
import { partialFolder } from "./partial-folder.ts";
import { type PrepareAllInput, prepareAll } from "./prepare-all.ts";
import { type PrepareProgress, ProgressReport } from "./progress.ts";

type Files = Record<string, Uint8Array | string>;

const png = (red: number) =>
  sharp({ create: { width: 4, height: 4, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .png()
    .toBuffer();

/** Two classes, ten training images and one held-out image each, below `part/`. `hue` makes their bytes the set's own. */
async function images(root: string, hue: number, held: string): Promise<Files> {
  const files: Files = {};
  for (const [label, name] of ["cat", "dog"].entries()) {
    for (let i = 0; i < 10; i++) files[`${root}train/${name}/${i}.png`] = await png(hue + 20 * label + i);
    files[`${root}${held}/${name}/0.png`] = await png(hue + 20 * label + 10);
  }
  return files;
}

/** A data folder with one good data set, to which a test adds what is broken. */
async function setup() {
  const root = await mkdtemp(join(tmpdir(), "unusable-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const data = join(root, "data");
  const cacheDir = join(root, "cache");
  await chmod(root, 0o755);
  await mkdir(cacheDir);
  await chmod(cacheDir, 0o777);
  const write = async (files: Files) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(data, path)), { recursive: true });
      await writeFile(join(data, path), content);
    }
  };
  await write(await images("good/", 100, "val"));
  const readers = async (change: Partial<PrepareAllInput> = {}) => {
    const onUnusable = ({ name, reason }: UnusableDataset) => expect.fail(`${name}: ${reason}`);
    const opened = await prepareAll({ folders: [data], cacheDir, onUnusable, ...change });
    for (const reader of opened) await reader.close();
    return opened;
  };
  const found = async (change: Partial<PrepareAllInput> = {}) => {
    const unusable: UnusableDataset[] = [];
    const found = await readers({ onUnusable: (dataset) => unusable.push(dataset), ...change });
    return { names: found.map(({ name }) => name), unusable };
  };
  return { root, data, cacheDir, write, found, readers };
}

/** Permissions are not looked at for root, as which a container's tests run: then the test does it as nobody. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const user = process.geteuid?.();
  if (user !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content));
  archive.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

type Context = Awaited<ReturnType<typeof setup>>;

const broken: [what: string, name: string, make: (context: Context) => Promise<unknown>, told: RegExp, fix: RegExp][] =
  [
    [
      "no label of any held-out image",
      "unlabeled",
      async ({ write }) =>
        write({
          ...(await images("unlabeled/", 0, "elsewhere")),
          "unlabeled/val/0.png": "x",
          "unlabeled/test/1.png": "x",
        }),
      /data\/unlabeled: has no held-out image with a label \(test\/1\.png and 1 more: in no class's folder/,
      /^sort val or test into a folder for each class of train, or put ImageNet's devkit/,
    ],
    [
      "one half of an archive",
      "stray",
      ({ write }) => write({ "stray-train.tar.gz": "x" }),
      /stray-train\.tar\.gz: stray-val\.tar\.gz is missing beside it$/,
      /^add it or move this file away$/,
    ],
    [
      "a file among its images whose name cannot be printed",
      "littered",
      async ({ write }) => write({ ...(await images("littered/", 0, "val")), "littered/train/cat/a\nb.png": "x" }),
      /"train\/cat\/a\\nb\.png" is not a plain relative path$/,
      /control characters are refused: rename it$/,
    ],
    [
      "nothing in its folder",
      "empty",
      ({ data }) => mkdir(join(data, "empty")),
      /data\/empty: holds no data set that is known here, but nothing$/,
      /^known are: train\/CLASS\/IMAGE .* CIFAR-10's .* Tiny-ImageNet's .* WebDataset/,
    ],
    [
      "a layout that is not known",
      "coco",
      ({ write }) => write({ "coco/annotations.json": "{}", "coco/images/1.jpg": "x" }),
      /data\/coco: holds no data set that is known here, but annotations\.json, images$/,
      /^known are: /,
    ],
    [
      "no held-out part",
      "alone",
      ({ write }) => write({ "alone/train/cat/0.png": "x" }),
      /data\/alone: holds no data set that is known here, but train$/,
      /train\/CLASS\/IMAGE \(JPEG, PNG or WebP\) with val or test beside train/,
    ],
    [
      "a link that leads nowhere",
      "linked",
      ({ data }) => symlink("/nowhere/at/all", join(data, "linked")),
      /data\/linked: is a link to \/nowhere\/at\/all, which cannot be reached$/,
      /^restore what it leads to, or remove the link$/,
    ],
    [
      "a link among its images",
      "half-linked",
      async ({ write, data }) => {
        await write(await images("half-linked/", 0, "val"));
        await symlink("/nowhere/at/all.png", join(data, "half-linked/train/cat/x.png"));
      },
      /half-linked\/train\/cat\/x\.png: is a link that leads nowhere$/,
      /^links are followed inside the data folder only: copy the file here$/,
    ],
    [
      "a cut batch of CIFAR-10",
      "cifar10",
      async ({ write, data }) => {
        const folder = "cifar-10-batches-bin";
        await write({ [`${folder}/batches.meta.txt`]: [..."abcdefghij"].join("\n") });
        const files = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`).concat("test_batch.bin");
        for (const file of files) {
          await write({ [`${folder}/${file}`]: "" });
          await truncate(join(data, folder, file), file === "data_batch_3.bin" ? 30_729_999 : 30_730_000); // sparse
        }
      },
      /data_batch_3\.bin: has 30729999 bytes where CIFAR-10 has 30730000/,
      /^fetch it again$/,
    ],
    [
      "CIFAR-100's folder without its images",
      "cifar100",
      ({ write }) => write({ "cifar-100-binary/fine_label_names.txt": "x", "cifar-100-binary/test.bin": "x" }),
      /cifar-100-binary: holds no data set that is known here, but fine_label_names\.txt, test\.bin$/,
      /CIFAR-100's binary files/,
    ],
    [
      "a cut archive",
      "cut",
      async ({ write }) => {
        const whole = gzipSync(await tarOf(await images("", 0, "val")));
        await write({ "cut-train.tar.gz": whole.subarray(0, whole.length - 200), "cut-val.tar.gz": whole });
      },
      /cut-train\.tar\.gz at byte \d+: the archive is damaged after this entry/,
      /^fetch it again$/,
    ],
    [
      "a cut shard",
      "web",
      async ({ write }) => {
        const shard = await tarOf({ "0.png": await png(1), "0.cls": "0", "1.png": await png(2), "1.cls": "1" });
        await write({ "web-train-000000.tar": shard.subarray(0, 700), "web-val-000000.tar": shard });
      },
      /web-train-000000\.tar at byte 0: the archive is damaged after this entry/,
      /^fetch it again$/,
    ],
    [
      "an archive behind a link that leads nowhere",
      "away",
      async ({ write, data }) => {
        await write({ "away-val.tar.gz": "x" });
        await symlink("/nowhere/at/all", join(data, "away-train.tar.gz"));
      },
      /away-train\.tar\.gz: is missing$/,
      /^put it back$/,
    ],
    [
      "a broken preprocess.json",
      "wild",
      async ({ write }) => write({ ...(await images("wild/", 0, "val")), "wild.preprocess.json": "{resize: 6}" }),
      /wild\.preprocess\.json: is not JSON/,
      /^correct the file or remove it$/,
    ],
    [
      "a preprocess.json of other fields",
      "wild",
      async ({ write }) => write({ ...(await images("wild/", 0, "val")), "wild.preprocess.json": '{"crop": 4}' }),
      /wild\.preprocess\.json: must be \{"resize": R, "crop": C\}/,
      /^correct the file or remove it$/,
    ],
    [
      "a broken image",
      "torn",
      async ({ write }) => write({ ...(await images("torn/", 0, "val")), "torn/train/cat/x.png": "x" }),
      /torn\/train\/cat\/x\.png: not a readable image/,
      /^replace or remove it$/,
    ],
    [
      "a folder that may not be read",
      "shut",
      async ({ write, data }) => {
        await write(await images("shut/", 0, "val"));
        await chmod(join(data, "shut"), 0o000);
      },
      /data\/shut: may not be read or written here$/,
      /^let user \d+ read it/,
    ],
    [
      "a file that may not be read",
      "shut",
      async ({ write, data }) => {
        await write(await images("shut/", 0, "val"));
        await chmod(join(data, "shut/train/dog/3.png"), 0o000);
      },
      /shut\/train\/dog\/3\.png: may not be read or written here$/,
      /^let user \d+ read it/,
    ],
    [
      "an archive that may not be read",
      "shut",
      async ({ write, data }) => {
        await write({ "shut-train.tar.gz": "x", "shut-val.tar.gz": "x" });
        await chmod(join(data, "shut-train.tar.gz"), 0o000);
      },
      /shut-train\.tar\.gz: may not be read or written here$/,
      /^let user \d+ read it/,
    ],
  ];

test.each(broken)(
  "a data set with %s is told with the fix, and the other is used",
  async (_, name, make, told, fix) => {
    const context = await setup();
    await make(context);
    const { names, unusable } = await asOrdinaryUser(() => context.found());
    expect(names).toEqual(["good"]);
    expect(unusable).toEqual([{ name, reason: expect.stringMatching(told), fix: expect.stringMatching(fix) }]);
  },
);

test("files and hidden folders that are no data sets are passed over", async () => {
  const { write, found } = await setup();
  await write({ "README.md": "x", ".cache/x": "x", "cifar-10-binary.tar.gz": "x", "model.zip": "x" });
  await write({ "backup.zip": zipOf({ "notes/1.txt": "x" }), "results.tar": await tarOf({ "run/log.txt": "x" }) });
  expect(await found()).toEqual({ names: ["good"], unusable: [] });
});

test("a folder that vanishes while it is read is told, and the other is used", async () => {
  const { data, write, found } = await setup();
  await write(await images("brief/", 0, "val"));
  const { names, unusable } = await found({
    onProgress: ({ dataset }) => {
      if (dataset === "brief") rmSync(join(data, "brief"), { recursive: true, force: true });
    },
  });
  expect(names).toEqual(["good"]);
  expect(unusable).toEqual([
    {
      name: "brief",
      reason: expect.stringMatching(/data\/brief\/.*: is missing$/),
      fix: "it went away while it was read: put it back and start again",
    },
  ]);
});

test("a data folder that is a data set, or the folder of its classes, is told once", async () => {
  const { data, write, found } = await setup();
  expect(await found({ folders: [join(data, "good"), data] })).toEqual({
    names: ["good"],
    unusable: [
      {
        name: "good",
        reason: expect.stringMatching(/data\/good: is a data set itself, not a folder of data sets$/),
        fix: `name the folder that holds it, ${data}`,
      },
    ],
  });
  await write(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`classes/n${1000 + i}/0.png`, "x"])));
  const { unusable } = await found({ folders: [join(data, "classes"), data] });
  expect(unusable.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/classes: holds 200 folders that are no data sets: n1000, .* and 195 more$/),
    expect.stringMatching(/data\/classes: holds no data set that is known here/),
  ]);
});

test("of two with one name the one that can be used is taken, and the other is told", async () => {
  const { write, found } = await setup();
  await write({ ...(await images("same/", 0, "val")), "same-train.tar.gz": "x" });
  const { names, unusable } = await found();
  expect(names).toEqual(["good", "same"]);
  expect(unusable.map(({ name }) => name)).toEqual(["same"]);
});

test("a folder that was named and is not there is refused before anything starts", async () => {
  const { data } = await setup();
  await expect(requireDataFolders([data, "/nowhere/at/all"], "RELUCTANT_DATA")).rejects.toThrow(
    "RELUCTANT_DATA names /nowhere/at/all, which is missing; create it, or name another " +
      "(glyphs and glyphs-small stand for the generated data sets)",
  );
  await writeFile(join(data, "file"), "x");
  await expect(requireDataFolders([join(data, "file")], "--data")).rejects.toThrow(
    /^--data names .*, which is not a folder/,
  );
  await requireDataFolders([data, "glyphs-small", "/elsewhere/glyphs"], "RELUCTANT_DATA");
});

test("an aborted decode leaves nothing half-written, and the next one begins anew", async () => {
  const { found, cacheDir } = await setup();
  const decode = new AbortController();
  const aborted = found({
    signal: decode.signal,
    onProgress: ({ step }) => step === "decoding" && decode.abort(new Error("interrupted")),
  });
  await expect(aborted).rejects.toThrow("interrupted");
  expect(await readdir(cacheDir)).toEqual(["turns"]);
  expect((await found()).names).toEqual(["good"]);
});

test("what a killed process left half-built goes with the next start, and what a living one builds stays", async () => {
  const { found, cacheDir } = await setup();
  const ended = spawn(process.execPath, ["-e", ""]);
  await once(ended, "exit");
  const path = await partialFolder(cacheDir, "a".repeat(64));
  const left = path.replace(`-${process.pid}.`, `-${ended.pid}.`);
  const elsewhere = path.replace(/\.[0-9a-f]{12}-\d+\./, `.${"0".repeat(12)}-${ended.pid}.`);
  for (const folder of [path, left, elsewhere]) await mkdir(folder);
  await found();
  const kept = (await readdir(cacheDir)).filter((name) => name.endsWith(".partial"));
  expect(kept.sort()).toEqual([path, elsewhere].map((each) => basename(each)).sort());
});

test("progress tells a step's rate and what is left, ten times a second and at its end", () => {
  let now = 0;
  const told: PrepareProgress[] = [];
  const report = new ProgressReport(
    "set",
    (progress) => told.push(progress),
    () => now,
  );
  report.at("reading", 1, null);
  for (let image = 1; image <= 4_000; image++) {
    now += 1;
    report.at("decoding", image, 4_000);
  }
  report.ready(4_000);
  expect(told.filter(({ step }) => step === "decoding")).toHaveLength(41);
  expect(told.find(({ seconds }) => seconds === 2)).toMatchObject({
    done: 2_001,
    imagesPerSecond: 1_000.5,
    etaSeconds: expect.closeTo(1.998, 3),
  });
  expect(told[1]).toMatchObject({ step: "decoding", imagesPerSecond: null, etaSeconds: null });
  expect(told.at(-1)).toMatchObject({ step: "ready", done: 4_000, seconds: 4 });
});

test("an archive that may not be read is told, and one that is none is somebody's file", async () => {
  const { data, write, found } = await setup();
  await write({ "locked.zip": zipOf(await images("set/", 0, "val")), "notes.zip": "<html>" });
  await chmod(join(data, "locked.zip"), 0);
  const { names, unusable } = await asOrdinaryUser(() => found());
  expect(names).toEqual(["good"]);
  expect(unusable).toEqual([
    { name: "locked", reason: expect.stringMatching(/locked\.zip: may not be read/), fix: expect.any(String) },
  ]);
});

test("an archive that is no data set takes its name from no folder, in whatever order they come", async () => {
  const { root, found } = await setup();
  const other = join(root, "other");
  await mkdir(other);
  await writeFile(join(other, "good.zip"), zipOf({ "notes/a.txt": "x" }));
  for (const folders of [
    [other, join(root, "data")],
    [join(root, "data"), other],
  ])
    expect(await found({ folders })).toEqual({ names: ["good"], unusable: [] });
});

test("the images of another folder are one version under two names, also after one was renamed", async () => {
  const { data, write, readers } = await setup();
  await write(await images("twin/", 100, "test"));
  const both = await readers();
  expect(both.map(({ name }) => name)).toEqual(["good", "twin"]);
  expect(new Set(both.map(({ version }) => version)).size).toBe(1);
  await rename(join(data, "twin"), join(data, "renamed"));
  const opened: (readonly string[])[] = [];
  const after = await readers({ onOpened: (left) => opened.push(left) });
  expect(after.map(({ name, version }) => [name, version])).toEqual(
    ["good", "renamed"].map((name) => [name, both[0]?.version]),
  );
  expect(opened).toEqual([["renamed"]]); // a path that was never seen is read once
});

test("what was met before is there at once, and what is left is told before it is prepared", async () => {
  const { write, readers } = await setup();
  await readers();
  await write(await images("another/", 40, "val"));
  const told: unknown[] = [];
  await readers({
    onReady: ({ name }) => told.push(name),
    onOpened: (left) => told.push(left),
    onProgress: ({ dataset, step }) => step === "ready" && told.push(`${dataset} is prepared`),
  });
  expect(told).toEqual(["good", ["another"], "another is prepared", "another"]);
});

test("two that meet the same data set at once prepare it once", async () => {
  const { readers } = await setup();
  const prepared: string[] = [];
  const onProgress: PrepareAllInput["onProgress"] = ({ dataset, step }) => step === "ready" && prepared.push(dataset);
  const [one, other] = await Promise.all([readers({ onProgress }), readers({ onProgress })]);
  expect(one[0]?.version).toBe(other[0]?.version);
  expect(prepared).toEqual(["good"]);
});
