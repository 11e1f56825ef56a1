/** Archives that try to write or read elsewhere, or to unfold to more than they say. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { gzipped, zipOf } from "../../../../test/imports/data-files.ts";
import { maxSampleBytes } from "../source.ts";
import { type FileTree, walk } from "./file-tree.ts";
import { openArchive } from "./open-archive.ts";

async function opened(name: string, bytes: Uint8Array): Promise<FileTree> {
  const folder = await mkdtemp(join(tmpdir(), "hostile-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  await writeFile(file, bytes);
  return openArchive(file);
}

async function paths(tree: FileTree): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of walk(tree)) found.push(path);
  return found;
}

test.each(["../evil.png", "train/../../evil.png", "/etc/passwd.png"])(
  "a zip archive with %s is refused",
  async (path) => {
    const tree = await opened("set.zip", zipOf({ "train/cat/0.png": "x", [path]: "x" }));
    await expect(paths(tree)).rejects.toThrow(
      /set\.zip: the zip archive is damaged \((invalid relative|absolute) path/,
    );
  },
);

test("a zip entry that unfolds to more than it says is refused while it does", async () => {
  const bytes = zipOf({ "train/cat/0.png": Buffer.alloc(1_000_000) });
  const size = Buffer.alloc(4);
  size.writeUInt32LE(1_000_000);
  for (let at = bytes.indexOf(size); at >= 0; at = bytes.indexOf(size)) bytes.writeUInt32LE(100, at);
  const tree = await opened("set.zip", bytes);
  await expect(tree.read("train/cat/0.png", maxSampleBytes)).rejects.toThrow(
    /0\.png: the zip archive is damaged \(too many bytes/,
  );
});

test("links and devices in a tar archive are no files, and a path that leads out of it refuses it", async () => {
  const archive = pack();
  archive.entry({ name: "train/cat/0.png" }, "x");
  archive.entry({ name: "train/cat/1.png", type: "symlink", linkname: "/etc/passwd" });
  archive.entry({ name: "train/cat/2.png", type: "link", linkname: "../../../etc/passwd" });
  archive.entry({ name: "train/cat/3.png", type: "character-device" });
  archive.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece as Buffer);
  expect(await paths(await opened("set.tar", Buffer.concat(pieces)))).toEqual(["train/cat/0.png"]);
  const out = pack();
  out.entry({ name: "train/../../evil.png" }, "x");
  out.finalize();
  const evil: Buffer[] = [];
  for await (const piece of out) evil.push(piece as Buffer);
  await expect(paths(await opened("set.tgz", gzipped(Buffer.concat(evil))))).rejects.toThrow(
    /is not a plain relative path/,
  );
});

test("an archive with two files of one path is refused: neither is the one that is meant", async () => {
  const archive = pack();
  archive.entry({ name: "train/cat/0.png" }, "x");
  archive.entry({ name: "./train/cat/0.png" }, "y");
  archive.finalize();
  const tar: Buffer[] = [];
  for await (const piece of archive) tar.push(piece as Buffer);
  const zip = zipOf({ "train/cat/0.png": "x", "train/cat/1.png": "y" });
  for (let at = zip.indexOf("1.png"); at >= 0; at = zip.indexOf("1.png")) zip.write("0", at);
  for (const [name, bytes] of [
    ["set.tar", Buffer.concat(tar)],
    ["set.zip", zip],
  ] as const)
    await expect(paths(await opened(name, bytes))).rejects.toThrow(/"train\/cat\/0\.png" is in the archive twice/);
});

test("a file that is larger than an image may be is refused before any of it is unpacked", async () => {
  const tree = await opened("set.zip", zipOf({ "train/cat/huge.png": Buffer.alloc(5_000) }));
  await expect(tree.read("train/cat/huge.png", 4_999)).rejects.toThrow(
    /huge\.png: has 5000 bytes, more than the limit of 4999/,
  );
  const archive = pack();
  archive.entry({ name: "train/cat/huge.png" }, Buffer.alloc(5_000));
  archive.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece as Buffer);
  for (const [name, bytes] of [
    ["set.tar", Buffer.concat(pieces)],
    ["set.tgz", gzipped(Buffer.concat(pieces))],
  ] as const)
    await expect((await opened(name, bytes)).read("train/cat/huge.png", 4_999)).rejects.toThrow(
      /has 5000 bytes, more than/,
    );
});

test("what is no archive is told by its bytes", async () => {
  for (const name of ["set.zip", "set.tar", "set.npz"])
    await expect(opened(name, Buffer.from("<html>"))).rejects.toThrow(
      /is neither a zip nor a tar archive, whatever its name/,
    );
});
