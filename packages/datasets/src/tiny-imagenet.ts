import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage } from "./decode.ts";
import { DatasetError, unreadable } from "./errors.ts";
import { folderFingerprint, list, readBounded } from "./files.ts";
import { type DatasetSource, type SampleBytes, sampleName } from "./source.ts";

export const annotationFile = "val_annotations.txt";
export const classFile = "wnids.txt";

/**
 * Tiny-ImageNet as its archive unpacks: `train/WNID/images/*.JPEG`, `val/images/*.JPEG` with the class of each in
 * `val/val_annotations.txt`, and `wnids.txt` with the classes. Its `test` folder has no labels and is not read.
 * @throws DatasetError in `samples` when classes, annotations and images do not agree
 */
export const tinyImageNetSource = (name: string, root: string): DatasetSource => ({
  name,
  fingerprint: () => folderFingerprint(name, root),
  async *samples() {
    const classes = await classesOf(root);
    for (const wnid of classes) yield* trainSamples(join(root, "train", wnid, "images"), wnid);
    yield* heldOutSamples(join(root, "val"), classes);
  },
  decode: decodeImage,
});

/** The folders of `train`, which must be those that `wnids.txt` lists. */
async function classesOf(root: string): Promise<string[]> {
  const file = join(root, classFile);
  const listed = (await readText(file)).split(/\r?\n/).filter((line) => line !== "");
  const found = await list(join(root, "train"));
  const missing = listed.find((wnid) => !found.includes(wnid));
  if (missing !== undefined)
    throw new DatasetError(`lists ${missing}, but there is no folder train/${missing}`, {
      file,
      fix: "unpack the archive again, or remove the line",
    });
  const extra = found.find((wnid) => !listed.includes(wnid) && !wnid.startsWith("."));
  if (extra !== undefined) {
    throw new DatasetError("is not listed in wnids.txt", {
      file: join(root, "train", extra),
      fix: "add it there or remove it",
    });
  }
  return listed;
}

async function* trainSamples(folder: string, wnid: string): AsyncGenerator<SampleBytes> {
  let images = 0;
  for (const image of await list(folder)) {
    const file = join(folder, image);
    const name = sampleName(`train/${wnid}/${image}`, { file });
    if (name === undefined) continue;
    images++;
    yield { name, bytes: await readBounded(file), file, location: { file, offset: 0 } };
  }
  if (images === 0)
    throw new DatasetError("holds no images", { file: folder, fix: "add some or remove the class from wnids.txt" });
}

async function* heldOutSamples(folder: string, classes: readonly string[]): AsyncGenerator<SampleBytes> {
  const annotations = join(folder, annotationFile);
  const classOf = await annotated(annotations, new Set(classes));
  for (const image of await list(join(folder, "images"))) {
    const file = join(folder, "images", image);
    const { wnid } = classOf.get(image) ?? {};
    const name = sampleName(`val/${wnid ?? "?"}/${image}`, { file });
    if (name === undefined) continue;
    if (wnid === undefined)
      throw new DatasetError(`has no line in ${annotationFile}`, { file, fix: "add one or remove it" });
    classOf.delete(image);
    yield { name, bytes: await readBounded(file), file, location: { file, offset: 0 } };
  }
  for (const [image, { offset }] of classOf) {
    throw new DatasetError(`names ${image}, which is not in images`, {
      file: annotations,
      offset,
      fix: "add the image or remove the line",
    });
  }
}

/** Class and place of each image's line `name TAB wnid TAB box`. */
async function annotated(
  file: string,
  classes: ReadonlySet<string>,
): Promise<Map<string, { wnid: string; offset: number }>> {
  const found = new Map<string, { wnid: string; offset: number }>();
  let offset = 0;
  for (const line of (await readText(file)).split("\n")) {
    const [image, wnid] = line.trimEnd().split("\t");
    const refuse = (problem: string) =>
      new DatasetError(problem, { file, offset, fix: "correct the line or take the archive's file" });
    if (image !== "") {
      if (image === undefined || wnid === undefined) throw refuse("the line is not `image TAB class TAB box`");
      if (!classes.has(wnid)) throw refuse(`${image} is of class ${wnid}, which wnids.txt does not list`);
      if (found.has(image)) throw refuse(`${image} has a second line`);
      found.set(image, { wnid, offset });
    }
    offset += Buffer.byteLength(line) + 1;
  }
  return found;
}

const readText = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((cause) => {
    throw unreadable(file, cause, "Tiny-ImageNet's archive holds it");
  });
