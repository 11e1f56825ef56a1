import { DatasetError } from "../errors.ts";
import { zipTree } from "../tree/zip-tree.ts";
import { interleaved, type LabeledRows, labeledRowsPlan, rgb } from "./labeled-rows.ts";
import { type Layout, labelName, PassedOver, type Plan, type PlanChoices } from "./layout.ts";
import { type ArrayFile, type ImageArray, imageArray, labelArray } from "./npz-arrays.ts";
import { partsOf, type SplitName, splitNameIn, valLeftOut } from "./parts.ts";

/** How arrays of images and labels are called: `x_train`, `train_images` (MedMNIST), `images_train`, `X_train`. */
const words: Readonly<Record<"images" | "labels", readonly string[]>> = {
  images: ["x", "images", "image", "data"],
  labels: ["y", "labels", "label", "targets", "target"],
};

/**
 * Arrays of NumPy in one `.npz` with the parts in their names, or in one a part (`train.npz`, `test.npz`) as `images` and
 * `labels`. Plans throw DatasetError naming file and array.
 */
export const npz: Layout = {
  title:
    "NumPy's .npz (x_train, y_train, x_test, y_test; train_images …; or images and labels in train.npz and test.npz)",
  async detect(tree) {
    const names = (await tree.list("")).map(({ name }) => name).filter((name) => /\.npz$/i.test(name));
    if (names.length === 0) return null;
    const found: NamedArray[] = [];
    for (const name of names) {
      const file = await tree.local(name);
      if (file === null) return { lacks: "a folder of its own: a .npz in an archive is not read" };
      const own = await arraysIn(file, name);
      const isWhole = new Set(own.map(({ split }) => split)).size > 1;
      if (isWhole && names.length > 1) return { lacks: `a folder of its own: ${name} is a data set itself` };
      found.push(...own);
    }
    const splits = new Set(found.map(({ split }) => split));
    if (!splits.has("train")) return { lacks: "arrays x_train and y_train, or train_images and train_labels" };
    if (splits.size === 1) return { lacks: "arrays x_test and y_test, or val_images and val_labels" };
    return { plan: (choices) => planArrays(tree.root, found, choices) };
  },
};

interface NamedArray extends ArrayFile {
  readonly split: SplitName;
  readonly kind: "images" | "labels";
}

async function arraysIn(file: string, name: string): Promise<NamedArray[]> {
  const tree = zipTree(file);
  const entries = await tree.list("");
  return entries.flatMap(({ name: path }) => {
    const named = arrayNamed(path.replace(/\.npy$/, ""), name.replace(/\.npz$/i, ""));
    return named ? [{ ...named, tree, path }] : [];
  });
}

/** What an array is, by its name and, where that says nothing of the part, by its file's. */
function arrayNamed(name: string, file: string): Pick<NamedArray, "split" | "kind"> | null {
  const steps = name.toLowerCase().split(/[_-]/);
  const kind = (["images", "labels"] as const).find((each) => steps.some((step) => words[each].includes(step)));
  const split = splitNameIn(steps) ?? splitNameIn(file.split(/[_-]/));
  return kind && split ? { kind, split } : null;
}

async function planArrays(root: string, arrays: readonly NamedArray[], { validation }: PlanChoices): Promise<Plan> {
  const passed = new PassedOver();
  const splits = new Map<SplitName, Labeled>();
  for (const split of new Set(arrays.map((array) => array.split))) {
    const labeled = await labeledArrays(arrays, split);
    if (labeled) splits.set(split, labeled);
    else passed.add(split, "has images without labels, or labels without images");
  }
  const files: LabeledRows[] = [];
  for (const [split, part] of partsOf(new Set(splits.keys()), validation, { root, of: "arrays with labels" })) {
    const { images, labels } = splits.get(split) as Labeled;
    if (part === null) passed.add(split, valLeftOut);
    else files.push({ part, file: images.file, rows: () => rowsWith(labels, images), labels: async () => labels });
  }
  const all = [...splits.values()];
  const { height, width, channels, isPlanar } = requireOneForm(all.map(({ images }) => images));
  const most = all.reduce((top, { labels }) => labels.reduce((a, b) => Math.max(a, b), top), 0);
  const classes = Array.from({ length: most + 1 }, (_, label) => labelName(label, `${most}`.length));
  const decode = (bytes: Uint8Array) =>
    isPlanar ? interleaved(bytes, height, width) : rgb(bytes, height, width, channels);
  return labeledRowsPlan({ classes, files, decode, leftOut: passed.list });
}

interface Labeled {
  readonly images: ImageArray;
  readonly labels: Int32Array;
}

/** Null where one of both is missing. */
async function labeledArrays(arrays: readonly NamedArray[], split: SplitName): Promise<Labeled | null> {
  const [images, labels] = (["images", "labels"] as const).map((kind) => only(arrays, split, kind));
  if (!images || !labels) return null;
  const labeled = { images: await imageArray(images), labels: await labelArray(labels) };
  const { file, count } = labeled.images;
  if (count === labeled.labels.length) return labeled;
  throw new DatasetError(`holds ${count} images where there are ${labeled.labels.length} labels`, {
    file,
    fix: "save both anew",
  });
}

function only(arrays: readonly NamedArray[], split: SplitName, kind: NamedArray["kind"]): NamedArray | undefined {
  const [array, other] = arrays.filter((each) => each.split === split && each.kind === kind);
  if (other)
    throw new DatasetError(`holds two arrays of ${split} ${kind}: ${array?.path} and ${other.path}`, {
      file: other.tree.root,
      fix: "save one of them alone",
    });
  return array;
}

function requireOneForm(arrays: readonly ImageArray[]): ImageArray {
  const [first, ...others] = arrays as [ImageArray, ...ImageArray[]];
  for (const other of others) {
    if ((["height", "width", "channels"] as const).some((extent) => other[extent] !== first[extent]))
      throw new DatasetError("holds images of another size than the others", {
        file: other.file,
        fix: "save them in one",
      });
    if (other.isPlanar !== first.isPlanar)
      throw new DatasetError(`has its axes in another order than ${first.file}`, {
        file: other.file,
        fix: "save all as [N, H, W, C] or all as [N, C, H, W]",
      });
  }
  return first;
}

async function* rowsWith(
  labels: Int32Array,
  images: ImageArray,
): AsyncGenerator<{ label: number; bytes: Uint8Array; offset: number }> {
  let index = 0;
  for await (const { bytes, offset } of images.rows()) {
    if (bytes.length < images.rowBytes || index >= labels.length) break;
    yield { label: labels[index++] as number, bytes, offset };
  }
  if (index < labels.length)
    throw new DatasetError(`holds ${index} of ${labels.length} images`, { file: images.file, fix: "save it anew" });
}
