/** What is known of how data sets lie on disks; more is another file, and a line here. The first that fits is taken. */
import { type FileTree, isSystemFile, subtree } from "../tree/file-tree.ts";
import { cifar10Form, cifar100Form, cifarBinary } from "./cifar.ts";
import { cifarPickles } from "./cifar-pickle.ts";
import { flatVal } from "./flat-val.ts";
import { idx } from "./idx.ts";
import { imageFolders } from "./image-folders.ts";
import type { Detection, Layout } from "./layout.ts";
import { npz } from "./npz.ts";
import { parquet } from "./parquet.ts";
import { splitNameOf } from "./parts.ts";
import { tinyImageNet } from "./tiny-imagenet.ts";
import { webDataset } from "./web-dataset.ts";

export const layouts: readonly Layout[] = [
  cifarBinary(cifar10Form),
  cifarBinary(cifar100Form),
  cifarPickles,
  tinyImageNet,
  flatVal,
  webDataset,
  parquet,
  npz,
  idx,
  imageFolders,
];

export type Recognized =
  | { readonly layout: Layout; readonly tree: FileTree; readonly plan: Extract<Detection, { plan: unknown }>["plan"] }
  | { readonly nearest: { readonly layout: Layout; readonly lacks: string } | null };

/** Folders that hold nothing but the next one: archives and clones bring one or two. */
const maxWrappers = 2;

/** The layout of a tree, or of the only folder in it. */
export async function recognize(tree: FileTree, wrappers = 0): Promise<Recognized> {
  let nearest: { layout: Layout; lacks: string } | null = null;
  for (const layout of layouts) {
    const detection = await layout.detect(tree);
    if (detection && "plan" in detection) return { layout, tree, plan: detection.plan };
    if (detection) nearest ??= { layout, lacks: detection.lacks };
  }
  const inside = await onlyFolder(tree);
  if (inside === null || wrappers === maxWrappers) return { nearest };
  const found = await recognize(subtree(tree, inside), wrappers + 1);
  return "plan" in found ? found : { nearest: nearest ?? found.nearest };
}

async function onlyFolder(tree: FileTree): Promise<string | null> {
  const folders = (await tree.list("")).filter(({ name, kind }) => kind === "folder" && !isSystemFile(name));
  const [only, ...others] = folders;
  return only && others.length === 0 && splitNameOf(only.name) === null ? only.name : null;
}
