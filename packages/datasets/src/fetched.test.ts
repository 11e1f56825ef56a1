import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireOwnImages } from "./fetched.ts";
import { encodeImageIndex, fileTable } from "./image-index.ts";
import { splits } from "./split.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-fetched-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A version of one image of 3 bytes a split, each said to lie in `file` at `offset`; there is `images-00000`, of 9 bytes. */
async function received({ file = "images-00000", offset = 6 } = {}): Promise<void> {
  const { text, startOf } = fileTable([file]);
  const image = { location: { file, offset }, bytes: 3, digest: "0123456789abcdef" };
  await writeFile(join(folder, "dataset.json"), JSON.stringify({ streamed: { resize: 36, crop: 32 } }));
  await writeFile(join(folder, "files.txt"), text);
  await writeFile(join(folder, "images-00000"), "ninebytes");
  for (const split of splits) await writeFile(join(folder, `${split}.places`), encodeImageIndex([image], startOf));
}

test("images that lie in files of the version are read", async () => {
  await received();
  await expect(requireOwnImages(folder)).resolves.toBeUndefined();
});

test.each(["/etc/passwd", "../dataset.json", "./images-00000", "..", "images-00001"])(
  "a version that names %s is refused",
  async (file) => {
    await received({ file });
    await expect(requireOwnImages(folder)).rejects.toThrow(`names ${file}, which is no file of this version`);
  },
);

test.each([7, -1, Number.NaN])("an image at byte %d of nine is refused", async (offset) => {
  await received({ offset });
  await expect(requireOwnImages(folder)).rejects.toThrow("train.places: places image 0 beyond the files");
});
