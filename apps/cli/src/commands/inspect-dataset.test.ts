import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, onTestFinished, test } from "vitest";

const main = join(import.meta.dirname, "../../dist/main.js");
const inspect = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "datasets", "inspect", ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
};

/** Two classes of ten images and a held-out one each, and one of a class that train does not have. */
async function pets(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "reluctant-inspect-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const put = async (path: string, red: number) => {
    const background = { r: red, g: path.length, b: 0 };
    const image = await sharp({ create: { width: 6, height: 4, channels: 3, background } })
      .png()
      .toBuffer();
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), image);
  };
  for (const [label, name] of ["cat", "dog"].entries()) {
    for (let i = 0; i < 10; i++) await put(`pets/train/${name}/${i}.png`, 20 * label + i);
    await put(`pets/val/${name}/0.png`, 20 * label + 10);
  }
  await put("pets/val/bird/0.png", 99);
  return root;
}

test("a folder is told as what it is, and nothing is written", async () => {
  const root = await pets();
  const { status, stdout, stderr } = inspect(join(root, "pets"), "--deep");
  expect({ status, stderr: stderr.replace(/^(reading|decoding) .*\n/gm, "") }).toEqual({ status: 0, stderr: "" });
  expect(stdout.split("\n")).toEqual([
    `pets  ${join(root, "pets")}`,
    "layout      train/CLASS/IMAGE (JPEG, PNG or WebP) with val or test beside train",
    "images      18 train, 2 validation, 2 test; 2 classes",
    "sizes       6×4 (of 22 looked at)",
    "kinds       PNG, 8-bit RGB (22)",
    "preparing   2 KB, about 1 s",
    "left out    1, as val/bird/0.png: its class is not in train",
    expect.stringMatching(/^version {5}[0-9a-f]{64}$/),
    "leaks       no image occurs in two splits",
    "",
    "class  train  validation  test",
    "cat        9           1     1",
    "dog        9           1     1",
    "",
  ]);
  expect(await readdir(root)).toEqual(["pets"]);
});

test("a picture shows a row of images for each class", async () => {
  const root = await pets();
  const file = join(root, "sheet.png");
  const { status } = inspect(join(root, "pets"), "--sheet", file);
  expect(status).toBe(0);
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([980, 140]);
  const redAt = (row: number, column: number) =>
    data[((4 + row * 68 + 32) * info.width + 164 + column * 68 + 32) * info.channels];
  expect([redAt(0, 0), redAt(0, 1), redAt(1, 0), redAt(1, 10), redAt(1, 11)]).toEqual([0, 1, 20, 30, 255]);
});

test("a folder that holds no data set is refused in a line, with what is known and what was nearest", async () => {
  const root = await pets();
  await rm(join(root, "pets/val"), { recursive: true });
  const { status, stdout, stderr } = inspect(join(root, "pets"), "--json");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(
    /^error: \S+pets: holds no data set that is known here, but train; nearest is train\/CLASS.* but it lacks a folder val or test beside train\. Known are: [^\n]*\n$/,
  );
});
