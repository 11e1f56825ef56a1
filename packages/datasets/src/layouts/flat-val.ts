import { DatasetError } from "../errors.ts";
import { type FileTree, unfollowed, walk } from "../tree/file-tree.ts";
import { labelFileOf, type NamedLabels } from "./flat-val-labels.ts";
import { notAnImage } from "./image-files.ts";
import { labeledImages, planFolders, splitFolders } from "./image-folders.ts";
import type { Layout, Plan, PlanChoices } from "./layout.ts";

/**
 * ImageNet as its archives unpack: `train/WNID/*.JPEG`, and `val/*.JPEG` whose classes stand in a file beside: the devkit's
 * ground truth with its meta.mat, Kaggle's LOC_val_solution.csv, or a text with a line an image. The same data set as with
 * val sorted into folders. Plans throw DatasetError naming the file.
 */
export const flatVal: Layout = {
  title: "ImageNet's own (train/WNID, val/*.JPEG with the devkit, LOC_val_solution.csv or a text of classes)",
  async detect(tree) {
    const folders = await splitFolders(tree);
    const val = folders.find(({ split }) => split === "val")?.folder;
    if (val === undefined || !folders.some(({ split }) => split === "train")) return null;
    if (!(await isFlat(tree, val))) return null;
    const labels = await labelFileOf(tree, val);
    return labels && { plan: (choices) => planFlatVal(tree, val, labels, choices) };
  },
};

/** Whether a part holds images and no folders. */
async function isFlat(tree: FileTree, folder: string): Promise<boolean> {
  const entries = await tree.list(folder);
  return (
    entries.some(({ name, kind }) => kind === "file" && notAnImage(name) === null) &&
    !entries.some(({ kind }) => kind === "folder")
  );
}

async function planFlatVal(tree: FileTree, val: string, labels: NamedLabels, choices: PlanChoices): Promise<Plan> {
  const folders = (await splitFolders(tree)).filter(({ folder }) => folder !== val);
  const { images, passed } = await labeledImages(tree, folders);
  const names: string[] = [];
  for await (const { path, why } of walk(tree, val)) {
    if (why !== undefined) throw unfollowed(tree.place(path), why);
    const no = notAnImage(path);
    if (no === null) names.push(path.slice(val.length + 1));
    else passed.add(path, no);
  }
  const classes = [...new Set(images.train.map(({ label }) => label))].sort();
  const labelOf = await labels.of(names, classes);
  const labeled = names.map((name) => {
    const label = labelOf.get(name);
    if (label === undefined)
      throw new DatasetError(`has no class in ${labels.path}`, {
        file: tree.place(`${val}/${name}`),
        fix: "add its line or remove it",
      });
    return { path: `${val}/${name}`, label, name };
  });
  // As folders of classes are read: the order of images is part of a streamed data set's version.
  labeled.sort((one, other) => (one.label < other.label ? -1 : one.label > other.label ? 1 : 0));
  return planFolders(tree, { images: { ...images, val: labeled }, passed }, choices);
}
