import { DatasetError, unreadable } from "../errors.ts";
import type { Part } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { interleaved, labeledRowsPlan, rowsOf } from "./labeled-rows.ts";
import type { Layout, Plan } from "./layout.ts";

/** The binary form of CIFAR: records of label bytes and 32×32 pixels as a red, a green and a blue plane. */
export interface CifarForm {
  title: string;
  /** A class name a line, in the order of the labels. */
  classFile: string;
  classes: number;
  /** Label bytes of a record; the last one is the class (CIFAR-100 puts the coarse label before the fine one). */
  labelBytes: number;
  files: readonly { name: string; part: Part; records: number }[];
}

export const cifar10Form: CifarForm = {
  title: "CIFAR-10",
  classFile: "batches.meta.txt",
  classes: 10,
  labelBytes: 1,
  files: [
    ...[1, 2, 3, 4, 5].map((batch) => ({ name: `data_batch_${batch}.bin`, part: "train" as const, records: 10_000 })),
    { name: "test_batch.bin", part: "test", records: 10_000 },
  ],
};

export const cifar100Form: CifarForm = {
  title: "CIFAR-100",
  classFile: "fine_label_names.txt",
  classes: 100,
  labelBytes: 2,
  files: [
    { name: "train.bin", part: "train", records: 50_000 },
    { name: "test.bin", part: "test", records: 10_000 },
  ],
};

const side = 32;
export const cifarPixels = (planes: Uint8Array) => interleaved(planes, side, side);
export const cifarImageBytes = 3 * side * side;

/** Told by the first file. Plans throw DatasetError on a missing or cut file, and class names that do not fit. */
export const cifarBinary = (form: CifarForm): Layout => ({
  title: `${form.title}'s binary files (${form.files[0]?.name} …)`,
  async detect(tree) {
    const names = (await tree.list("")).map(({ name }) => name);
    if (names.includes(form.files[0]?.name as string)) return { plan: () => planBinary(tree, form) };
    return names.includes(form.classFile) ? { lacks: form.files[0]?.name as string } : null;
  },
});

async function planBinary(tree: FileTree, form: CifarForm): Promise<Plan> {
  const classes = await classNames(tree, form);
  for (const { name, records } of form.files) await requireSize(tree, name, records, form);
  const files = form.files.map(({ name, part }) => ({
    part,
    file: tree.place(name),
    rows: () => rows(tree, name, form),
  }));
  return labeledRowsPlan({ classes, files, decode: cifarPixels });
}

async function classNames(tree: FileTree, { classFile, classes, title }: CifarForm): Promise<string[]> {
  const file = tree.place(classFile);
  const text = await tree.read(classFile, 2 ** 20).catch((cause) => {
    if (cause instanceof DatasetError) throw cause;
    throw unreadable(file, cause, `${title}'s archive holds it beside the images`);
  });
  const names = Buffer.from(text)
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  return requireClassNames(names, { file, classes, title, from: `${names.length} lines` });
}

/** @throws DatasetError unless they are so many, each another and plain */
export function requireClassNames(
  names: readonly string[],
  { file, classes, title, from }: { file: string; classes: number; title: string; from: string },
): string[] {
  if (new Set(names).size !== classes || names.length !== classes) {
    throw new DatasetError(`names ${new Set(names).size} classes in ${from}; ${title} has ${classes}`, {
      file,
      fix: "take the file that the archive holds",
    });
  }
  const strange = names.find((name) => !/^[\w -]{1,64}$/.test(name));
  if (strange !== undefined) {
    const fix = "letters, digits, spaces, _ and - may stand in one";
    throw new DatasetError(`${JSON.stringify(strange)} is not a plain class name`, { file, fix });
  }
  return [...names];
}

async function requireSize(tree: FileTree, name: string, records: number, form: CifarForm): Promise<void> {
  const file = tree.place(name);
  const size = await tree.size(name).catch((cause) => {
    if (cause instanceof DatasetError) throw cause;
    throw unreadable(file, cause, `${form.title} needs it: unpack its archive again`);
  });
  const expected = records * recordBytes(form);
  if (size !== expected) {
    const made = `${records} records of ${recordBytes(form)} bytes`;
    throw new DatasetError(`has ${size} bytes where ${form.title} has ${expected} (${made})`, {
      file,
      fix: "fetch it again",
    });
  }
}

const recordBytes = ({ labelBytes }: CifarForm): number => labelBytes + cifarImageBytes;

async function* rows(
  tree: FileTree,
  name: string,
  form: CifarForm,
): AsyncGenerator<{ label: number; bytes: Uint8Array; offset: number }> {
  const file = tree.place(name);
  const length = recordBytes(form);
  for await (const { bytes, offset } of rowsOf(tree.stream(name), length)) {
    if (bytes.length < length) throw new DatasetError("ends within a record", { file, offset, fix: "fetch it again" });
    const label = bytes[form.labelBytes - 1] as number;
    if (label >= form.classes) {
      throw new DatasetError(`label ${label}, but ${form.title} has ${form.classes} classes`, {
        file,
        offset,
        fix: "fetch it again",
      });
    }
    yield { label, bytes: bytes.subarray(form.labelBytes), offset };
  }
}
