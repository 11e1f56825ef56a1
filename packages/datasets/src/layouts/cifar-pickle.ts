import { ByteReader, MalformedError, NumpyArray, numpyArrays, unpickle, writtenBytes } from "@reluctant/pickle";
import { DatasetError } from "../errors.ts";
import type { Part } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { cifarImageBytes, cifarPixels, requireClassNames } from "./cifar.ts";
import { type LabeledRows, labeledRowsPlan } from "./labeled-rows.ts";
import type { Layout, Plan } from "./layout.ts";

/** CIFAR as pickles of Python: a dict a file, of which these keys are read. */
interface PickledForm {
  title: string;
  metaFile: string;
  classesKey: string;
  classes: number;
  labelsKey: string;
  files: readonly { name: string; part: Part }[];
}

const forms: readonly PickledForm[] = [
  {
    title: "CIFAR-10",
    metaFile: "batches.meta",
    classesKey: "label_names",
    classes: 10,
    labelsKey: "labels",
    files: [
      ...[1, 2, 3, 4, 5].map((batch) => ({ name: `data_batch_${batch}`, part: "train" as const })),
      { name: "test_batch", part: "test" },
    ],
  },
  {
    title: "CIFAR-100",
    metaFile: "meta",
    classesKey: "fine_label_names",
    classes: 100,
    labelsKey: "fine_labels",
    files: [
      { name: "train", part: "train" },
      { name: "test", part: "test" },
    ],
  },
];

/** CIFAR-100's train has 155 MB. */
const mostBytes = 512 * 2 ** 20;

/**
 * CIFAR's pickles, read without running them; the same images under the same names as the binary files give, so the same
 * version. Plans throw DatasetError naming the file.
 */
export const cifarPickles: Layout = {
  title: "CIFAR-10's or CIFAR-100's pickles (data_batch_1 … with batches.meta, or train, test and meta)",
  async detect(tree) {
    const files = (await tree.list("")).filter(({ kind }) => kind === "file").map(({ name }) => name);
    const form = forms.find(({ metaFile }) => files.includes(metaFile));
    if (!form) return null;
    const missing = form.files.find(({ name }) => !files.includes(name));
    return missing ? { lacks: missing.name } : { plan: () => planPickles(tree, form) };
  },
};

async function planPickles(tree: FileTree, form: PickledForm): Promise<Plan> {
  const { metaFile, classesKey, classes, title } = form;
  const names = textsOf((await dictOf(tree, metaFile)).get(classesKey));
  const file = tree.place(metaFile);
  const known = requireClassNames(names, { file, classes, title, from: `${names.length} entries of ${classesKey}` });
  const files = form.files.map(({ name, part }): LabeledRows => {
    return { part, file: tree.place(name), rows: () => rows(tree, name, form) };
  });
  return labeledRowsPlan({ classes: known, files, decode: cifarPixels });
}

async function* rows(
  tree: FileTree,
  name: string,
  { labelsKey, classes, title }: PickledForm,
): AsyncGenerator<{ label: number; bytes: Uint8Array }> {
  const dict = await dictOf(tree, name);
  const refuse = (problem: string) => new DatasetError(problem, { file: tree.place(name), fix: "fetch it again" });
  const [data, labels] = [dict.get("data"), dict.get(labelsKey)];
  if (!(data instanceof NumpyArray) || data.dtype !== "u1" || data.shape.length !== 2 || data.isFortran)
    throw refuse("has no `data` of uint8 rows");
  const [count = 0, length = 0] = data.shape;
  if (length !== cifarImageBytes) throw refuse(`has rows of ${length} bytes; ${title} has ${cifarImageBytes}`);
  if (!Array.isArray(labels) || labels.length !== count)
    throw refuse(`has ${count} images and ${Array.isArray(labels) ? labels.length : "no"} ${labelsKey}`);
  const { bytes } = data;
  for (const [index, label] of labels.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw refuse(`label ${String(label).slice(0, 20)} of image ${index}, but ${title} has ${classes} classes`);
    yield { label, bytes: bytes.subarray(index * length, (index + 1) * length) };
  }
}

/** A pickled dict, with its keys as text: Python 3 gives those of Python 2 as bytes where it was told to. */
async function dictOf(tree: FileTree, name: string): Promise<ReadonlyMap<string, unknown>> {
  const at = { file: tree.place(name), fix: "fetch it again" };
  const bytes = await tree.read(name, mostBytes);
  try {
    const dict = unpickle(new ByteReader(bytes), { calls: new Map(numpyArrays), persistent: () => null });
    if (dict instanceof Map) return new Map([...dict].map(([key, value]) => [textOf(key), value]));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new DatasetError(`is no pickle that can be read (${error.message})`, { ...at, cause: error });
  }
  throw new DatasetError("is no pickle of a dict", at);
}

const textsOf = (list: unknown): string[] => (Array.isArray(list) ? list.map(textOf) : []);

function textOf(value: unknown): string {
  const written = writtenBytes(value);
  return written instanceof Uint8Array ? Buffer.from(written).toString("latin1") : (written ?? "");
}
