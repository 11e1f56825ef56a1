import { inflateSync } from "node:zlib";
import { DatasetError, reason } from "../errors.ts";
import { type FileTree, walk } from "../tree/file-tree.ts";

/** A file that says the class of each image of a flat folder. */
export interface NamedLabels {
  readonly path: string;
  /**
   * Classes by image.
   * @param images their names; @param classes of train, in order
   * @throws DatasetError where the file does not speak of these images and classes
   */
  of(images: readonly string[], classes: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

const named = /^(LOC_val_solution\.csv|val(idation)?(_\w+)?\.(txt|csv)|.*(ground_?truth|synset_labels).*\.txt)$/i;
const mostBytes = 64 * 2 ** 20;

/** Looked for beside the parts, in the part itself, and in a devkit's folder. */
export async function labelFileOf(tree: FileTree, val: string): Promise<NamedLabels | null> {
  const places = ["", val];
  for (const { name, kind } of await tree.list(""))
    if (kind === "folder" && /devkit/i.test(name)) places.push(name, `${name}/data`);
  for (const folder of places) {
    for (const { name, kind } of await tree.list(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (kind === "file" && named.test(name))
        return { path, of: (images, classes) => labelsIn(tree, path, images, classes) };
    }
  }
  return null;
}

async function labelsIn(tree: FileTree, path: string, images: readonly string[], classes: readonly string[]) {
  const lines = Buffer.from(await tree.read(path, mostBytes))
    .toString("utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("ImageId,"));
  const refuse = (problem: string, fix: string) => new DatasetError(problem, { file: tree.place(path), fix });
  if (lines.every((line) => /[\s,]/.test(line))) return byName(lines, images, classes, refuse);
  if (lines.length !== images.length)
    throw refuse(`has ${lines.length} lines for ${images.length} images`, "take the file that belongs to these images");
  const inOrder = [...images].sort();
  const moved = firstMoved(inOrder);
  if (moved !== undefined)
    throw refuse(
      `has a class a line, but ${moved} stands in another place by its number than by its name`,
      "write a line NAME CLASS for each image",
    );
  const classAt = lines.every((line) => /^\d+$/.test(line))
    ? await byDevkitNumber(tree, path, refuse)
    : (line: string) => line;
  const known = new Set(classes);
  return new Map(
    lines.map((line, index) => {
      const label = classAt(line);
      if (label === undefined || !known.has(label))
        throw refuse(
          `line ${index + 1} says ${JSON.stringify(line.slice(0, 40))}, which is no class of train`,
          "take the right file",
        );
      return [inOrder[index] as string, label];
    }),
  );
}

/** The first name, of those in order, that stands elsewhere by the numbers in it: `10.jpg` before `2.jpg`. */
function firstMoved(inOrder: readonly string[]): string | undefined {
  const keyed = inOrder.map((name) => ({ name, key: name.replace(/\d+/g, (digits) => digits.padStart(20, "0")) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return inOrder.find((name, index) => name !== keyed[index]?.name);
}

type Refuse = (problem: string, fix: string) => DatasetError;

/** Lines of an image and its class, by name or by the class's place among train's: `NAME.JPEG 65`, `NAME,n01440764 85 1 …`. */
function byName(lines: readonly string[], images: readonly string[], classes: readonly string[], refuse: Refuse) {
  const imageOf = new Map(
    images.flatMap((image) => [
      [image, image],
      [image.replace(/\.[^.]*$/, ""), image],
    ]),
  );
  const known = new Set(classes);
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const [name = "", word = ""] = line.split(/[\s,]+/);
    const image = imageOf.get(name.split("/").at(-1) ?? "");
    if (image === undefined) continue; // of another part, or moved away
    const label = known.has(word) ? word : /^\d+$/.test(word) ? classes[Number(word)] : undefined;
    if (label === undefined)
      throw refuse(
        `line ${index + 1} says ${JSON.stringify(word.slice(0, 40))}, which is no class of train`,
        "take the right file",
      );
    found.set(image, label);
  }
  return found;
}

/** The devkit numbers classes in an order of its own, which its meta.mat holds. */
async function byDevkitNumber(
  tree: FileTree,
  path: string,
  refuse: Refuse,
): Promise<(line: string) => string | undefined> {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  for await (const { path: other } of walk(tree, folder)) {
    if (!other.endsWith("meta.mat")) continue;
    const wnids = wnidsIn(await tree.read(other, mostBytes), tree.place(other));
    return (line) => wnids[Number(line) - 1];
  }
  throw refuse("names classes by the devkit's numbers", "put its meta.mat beside: it says which number is which class");
}

/**
 * The WordNet ids of a devkit's meta.mat in the order of its numbers, in which MATLAB wrote them: as texts of 8 or 16 bits in
 * packed elements (MAT-File level 5: 128 bytes, then elements of a type, a length and their bytes).
 * @throws DatasetError where they cannot be unpacked, or make more than 64 MB together
 */
function wnidsIn(content: Uint8Array, file: string): string[] {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const texts: string[] = [];
  let left = mostBytes;
  for (let at = 128; at + 8 <= content.length; ) {
    const [type, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const bytes = content.subarray(at + 8, at + 8 + length);
    const element = type === packed ? inflated(bytes, left, file) : Buffer.from(bytes);
    left -= element.length;
    texts.push(element.toString("latin1").replaceAll("\0", ""));
    at += 8 + length;
  }
  return [...new Set(texts.join("").match(/n\d{8}/g) ?? [])];
}

/** An element's type. */
const packed = 15;

function inflated(bytes: Uint8Array, most: number, file: string): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(1, most) });
  } catch (cause) {
    throw new DatasetError(`cannot be unpacked (${reason(cause)})`, { file, fix: "take the devkit's own", cause });
  }
}
