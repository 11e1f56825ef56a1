import { DatasetError } from "../errors.ts";
import { requirePlainPath } from "../source.ts";
import { type FileTree, isSystemFile, unfollowed, walk } from "../tree/file-tree.ts";
import { type ImageRecord, imageFilesPlan, notAnImage } from "./image-files.ts";
import { type Detection, type Layout, PassedOver, type PlanChoices } from "./layout.ts";
import { partsOf, type SplitName, splitNameOf, valLeftOut } from "./parts.ts";

/** `train/CLASS/IMAGE.jpg` with `val` or `test` beside `train`, by whatever name, and images at any depth of a class. */
export const imageFolders: Layout = {
  title: "train/CLASS/IMAGE (JPEG, PNG or WebP) with val or test beside train",
  async detect(tree) {
    const folders = await splitFolders(tree);
    const found = new Set(folders.map(({ split }) => split));
    if (found.size === 0) return unsplitClasses(tree);
    if (!found.has("train")) return { lacks: "a folder train" };
    if (found.size === 1) return { lacks: "a folder val or test beside train" };
    return { plan: async (choices) => planFolders(tree, await labeledImages(tree, folders), choices) };
  },
};

/** What lacks where each class is a folder, but of no part; a few of them tell. */
async function unsplitClasses(tree: FileTree): Promise<Detection | null> {
  const folders = (await tree.list("")).filter(({ name, kind }) => kind === "folder" && !isSystemFile(name));
  if (folders.length < 2) return null;
  const [first, ...others] = folders.slice(0, 3).map(({ name }) => name);
  for (const name of [first as string, ...others]) {
    const images = (await tree.list(name)).some((entry) => entry.kind === "file" && notAnImage(entry.name) === null);
    if (!images) return null;
  }
  return { lacks: `folders train and val around its classes ${[first, ...others].join(", ")}` };
}

export interface SplitFolder {
  readonly folder: string;
  readonly split: SplitName;
}

/** The folders of a data set's parts, by their names. @throws DatasetError on a link that may not be followed */
export async function splitFolders(tree: FileTree): Promise<SplitFolder[]> {
  const folders: SplitFolder[] = [];
  for (const entry of await tree.list("")) {
    const split = splitNameOf(entry.name);
    if (split === null || entry.kind === "file") continue;
    if (entry.kind === "skipped") throw unfollowed(tree.place(entry.name), entry.why);
    folders.push({ folder: entry.name, split });
  }
  return folders;
}

/** Images with their classes, by the part that they lie in. */
export interface LabeledImages {
  readonly images: Readonly<Record<SplitName, readonly LabeledImage[]>>;
  readonly passed: PassedOver;
}

export type LabeledImage = Omit<ImageRecord, "part">;

/** @throws DatasetError on a link that may not be followed, among the images */
export async function labeledImages(tree: FileTree, folders: readonly SplitFolder[]): Promise<LabeledImages> {
  const passed = new PassedOver();
  const images = { train: [] as LabeledImage[], val: [] as LabeledImage[], test: [] as LabeledImage[] };
  for (const { folder, split } of folders) {
    for await (const { path, why } of walk(tree, folder)) {
      if (why !== undefined) throw unfollowed(tree.place(path), why);
      requirePlainPath(path, { file: tree.place(path) });
      const image = imageAt(path, path.slice(folder.length + 1).split("/"));
      if (typeof image === "string") passed.add(path, image);
      else images[split].push(image);
    }
  }
  return { images, passed };
}

/** @param steps below the part's folder @returns why it is passed over, where it is no labeled image */
function imageAt(path: string, steps: readonly string[]): LabeledImage | string {
  const no = notAnImage(path);
  if (no !== null) return no;
  const [label = "", ...rest] = steps;
  if (rest.length === 0) return "in no class's folder: it has no label";
  // Tiny-ImageNet has the images of each class in a folder `images`.
  const own = rest.length > 1 && rest[0] === "images" ? rest.slice(1) : rest;
  return { path, label, name: own.join("/") };
}

/** Which images become which part; those of classes that train does not have are left out. */
export function planFolders(tree: FileTree, { images, passed }: LabeledImages, { validation }: PlanChoices) {
  const classes = new Set(images.train.map(({ label }) => label));
  const known = (split: SplitName) => images[split].filter(({ label }) => classes.has(label));
  const [val, test] = [known("val"), known("test")];
  for (const split of ["val", "test"] as const)
    for (const { path, label } of images[split]) if (!classes.has(label)) passed.add(path, "its class is not in train");
  const labeled = new Map<SplitName, readonly LabeledImage[]>([["train", images.train]]);
  for (const [split, found] of [
    ["val", val],
    ["test", test],
  ] as const)
    if (found.length > 0) labeled.set(split, found);
  if (labeled.size === 1) throw noLabels(tree.root, passed);
  const records: ImageRecord[] = [];
  const parts = partsOf(new Set(labeled.keys()), validation, { root: tree.root, of: "images with labels" });
  // By name, as folders are read: the order of images is part of a streamed data set's version.
  for (const [split, part] of [...parts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    for (const { path, label, name } of labeled.get(split) ?? []) {
      if (part === null) passed.add(path, valLeftOut);
      else records.push({ part, path, label, name });
    }
  }
  return imageFilesPlan(tree, records, passed.list);
}

const noLabels = (root: string, { list }: PassedOver): DatasetError => {
  const passed = list.map(
    ({ why, count, example }) => `${example}${count > 1 ? ` and ${count - 1} more` : ""}: ${why}`,
  );
  return new DatasetError(`has no held-out image with a label${passed.map((each) => ` (${each})`).join("")}`, {
    file: root,
    fix: "sort val or test into a folder for each class of train, or put ImageNet's devkit, LOC_val_solution.csv or val.txt beside",
  });
};
