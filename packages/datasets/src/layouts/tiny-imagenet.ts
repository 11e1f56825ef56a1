import { DatasetError, unreadable } from "../errors.ts";
import { type FileTree, unfollowed } from "../tree/file-tree.ts";
import { type ImageRecord, imageFilesPlan, notAnImage } from "./image-files.ts";
import { type Layout, PassedOver, type Plan } from "./layout.ts";

const annotationFile = "val_annotations.txt";
const classFile = "wnids.txt";
const mostTextBytes = 64 * 2 ** 20;

/**
 * Tiny-ImageNet as its archive unpacks: `train/WNID/images/*.JPEG`, `val/images/*.JPEG` with the class of each in
 * `val/val_annotations.txt`, and `wnids.txt` with the classes. Its `test` folder has no labels and is not read. One whose val
 * was re-sorted into folders is read as `image-folders.ts` reads any, as the same data set.
 * Plans throw DatasetError when classes, annotations and images do not agree.
 */
export const tinyImageNet: Layout = {
  title: "Tiny-ImageNet's own (train, val/val_annotations.txt, wnids.txt)",
  async detect(tree) {
    const val = await tree.list("val");
    if (!val.some(({ name }) => name === annotationFile)) return null;
    if (!(await tree.list("")).some(({ name }) => name === "train")) return { lacks: "a folder train" };
    return { plan: () => planTinyImageNet(tree) };
  },
};

async function planTinyImageNet(tree: FileTree): Promise<Plan> {
  const passed = new PassedOver();
  const classes = await classesOf(tree);
  const records: ImageRecord[] = [];
  for (const wnid of classes) records.push(...(await trainImages(tree, wnid)));
  records.push(...(await heldOutImages(tree, classes)));
  const unlabeled = await imagesIn(tree, "test/images");
  for (const image of unlabeled)
    passed.add(`test/images/${image}`, "its test part has no labels: val is the test part");
  return imageFilesPlan(tree, records, passed.list);
}

/** The folders of `train`, which must be those that `wnids.txt` lists. */
async function classesOf(tree: FileTree): Promise<string[]> {
  const listed = (await readText(tree, classFile)).split(/\r?\n/).filter((line) => line !== "");
  const found = (await tree.list("train")).map(({ name }) => name);
  const missing = listed.find((wnid) => !found.includes(wnid));
  if (missing !== undefined)
    throw new DatasetError(`lists ${missing}, but there is no folder train/${missing}`, {
      file: tree.place(classFile),
      fix: "unpack the archive again, or remove the line",
    });
  const extra = found.find((wnid) => !listed.includes(wnid) && !wnid.startsWith("."));
  if (extra !== undefined) {
    throw new DatasetError("is not listed in wnids.txt", {
      file: tree.place(`train/${extra}`),
      fix: "add it there or remove it",
    });
  }
  return listed;
}

async function trainImages(tree: FileTree, wnid: string): Promise<ImageRecord[]> {
  const folder = `train/${wnid}/images`;
  const images = await imagesIn(tree, folder);
  if (images.length === 0)
    throw new DatasetError("holds no images", {
      file: tree.place(folder),
      fix: "add some or remove the class from wnids.txt",
    });
  return images.map((name) => ({ part: "train", label: wnid, name, path: `${folder}/${name}` }));
}

async function heldOutImages(tree: FileTree, classes: readonly string[]): Promise<ImageRecord[]> {
  const classOf = await annotated(tree, new Set(classes));
  const records: ImageRecord[] = [];
  for (const name of await imagesIn(tree, "val/images")) {
    const path = `val/images/${name}`;
    const { wnid } = classOf.get(name) ?? {};
    if (wnid === undefined)
      throw new DatasetError(`has no line in ${annotationFile}`, {
        file: tree.place(path),
        fix: "add one or remove it",
      });
    classOf.delete(name);
    records.push({ part: "test", label: wnid, name, path });
  }
  for (const [image, { offset }] of classOf) {
    throw new DatasetError(`names ${image}, which is not in images`, {
      file: tree.place(`val/${annotationFile}`),
      offset,
      fix: "add the image or remove the line",
    });
  }
  return records;
}

async function imagesIn(tree: FileTree, folder: string): Promise<string[]> {
  const images = (await tree.list(folder)).filter(
    ({ name, kind }) => kind !== "folder" && !name.startsWith(".") && notAnImage(name) === null,
  );
  for (const image of images)
    if (image.kind === "skipped") throw unfollowed(tree.place(`${folder}/${image.name}`), image.why);
  return images.map(({ name }) => name);
}

/** Class and place of each image's line `name TAB wnid TAB box`. */
async function annotated(
  tree: FileTree,
  classes: ReadonlySet<string>,
): Promise<Map<string, { wnid: string; offset: number }>> {
  const path = `val/${annotationFile}`;
  const found = new Map<string, { wnid: string; offset: number }>();
  let offset = 0;
  for (const line of (await readText(tree, path)).split("\n")) {
    const [image, wnid] = line.trimEnd().split("\t");
    const refuse = (problem: string) =>
      new DatasetError(problem, {
        file: tree.place(path),
        offset,
        fix: "correct the line or take the archive's file",
      });
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

async function readText(tree: FileTree, path: string): Promise<string> {
  try {
    return Buffer.from(await tree.read(path, mostTextBytes)).toString("utf8");
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw unreadable(tree.place(path), cause, "Tiny-ImageNet's archive holds it");
  }
}
