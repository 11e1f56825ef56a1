import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError, unreadable } from "./errors.ts";
import { fingerprintOf } from "./files.ts";
import type { DatasetSource, Part, Pixels, SampleBytes } from "./source.ts";

/** The binary form of CIFAR: records of label bytes and 32×32 pixels as a red, a green and a blue plane. */
export interface CifarLayout {
  title: string;
  /** A class name a line, in the order of the labels. */
  classFile: string;
  classes: number;
  /** Label bytes of a record; the last one is the class (CIFAR-100 puts the coarse label before the fine one). */
  labelBytes: number;
  files: readonly { name: string; part: Part; records: number }[];
}

export const cifar10Layout: CifarLayout = {
  title: "CIFAR-10",
  classFile: "batches.meta.txt",
  classes: 10,
  labelBytes: 1,
  files: [
    ...[1, 2, 3, 4, 5].map((batch) => ({ name: `data_batch_${batch}.bin`, part: "train" as const, records: 10_000 })),
    { name: "test_batch.bin", part: "test", records: 10_000 },
  ],
};

export const cifar100Layout: CifarLayout = {
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
const pixels = side * side;
/** Records read at a time: 3 MB. */
const recordsPerRead = 1_000;

/** @throws DatasetError in `samples` on a missing or cut file, class names that do not fit, a label without a class */
export const cifarSource = (name: string, folder: string, layout: CifarLayout): DatasetSource => ({
  name,
  fingerprint: () =>
    fingerprintOf(
      name,
      [layout.classFile, ...layout.files.map((file) => file.name)].map((file) => join(folder, file)),
    ),
  async *samples() {
    const classes = await classNames(join(folder, layout.classFile), layout);
    for (const { name: file, records } of layout.files) await requireSize(join(folder, file), records, layout);
    const numbers = { train: 0, test: 0 };
    for (const { name: file, part } of layout.files) {
      for await (const { label, bytes, offset } of recordsOf(join(folder, file), layout)) {
        const number = `${numbers[part]++}`.padStart(5, "0");
        yield { name: `${part}/${classes[label]}/${number}`, bytes, file: join(folder, file), offset };
      }
    }
  },
  decode: async ({ bytes }) => interleaved(bytes),
});

async function classNames(file: string, { classes, title }: CifarLayout): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw unreadable(file, cause, `${title}'s archive holds it beside the images`);
  });
  const names = text.split(/\r?\n/).filter((line) => line !== "");
  if (new Set(names).size !== classes || names.length !== classes) {
    throw new DatasetError(`names ${new Set(names).size} classes in ${names.length} lines; ${title} has ${classes}`, {
      file,
      fix: "take the file that the archive holds",
    });
  }
  const strange = names.find((name) => !/^[\w -]{1,64}$/.test(name));
  if (strange !== undefined) {
    const fix = "letters, digits, spaces, _ and - may stand in one";
    throw new DatasetError(`${JSON.stringify(strange)} is not a plain class name`, { file, fix });
  }
  return names;
}

async function requireSize(file: string, records: number, layout: CifarLayout): Promise<void> {
  const { size } = await stat(file).catch((cause) => {
    throw unreadable(file, cause, `${layout.title} needs it: unpack its archive again`);
  });
  const expected = records * recordBytes(layout);
  if (size !== expected) {
    const made = `${records} records of ${recordBytes(layout)} bytes`;
    throw new DatasetError(`has ${size} bytes where ${layout.title} has ${expected} (${made})`, {
      file,
      fix: "fetch it again",
    });
  }
}

const recordBytes = ({ labelBytes }: CifarLayout): number => labelBytes + 3 * pixels;

async function* recordsOf(
  file: string,
  layout: CifarLayout,
): AsyncGenerator<Pick<SampleBytes, "bytes"> & { label: number; offset: number }> {
  const length = recordBytes(layout);
  const handle = await open(file);
  try {
    for (let offset = 0; ; ) {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(recordsPerRead * length), 0, null, offset);
      if (bytesRead === 0) return;
      if (bytesRead % length !== 0)
        throw new DatasetError("ends within a record", { file, offset, fix: "fetch it again" });
      for (let at = 0; at < bytesRead; at += length, offset += length) {
        const label = buffer[at + layout.labelBytes - 1] as number;
        if (label >= layout.classes) {
          throw new DatasetError(`label ${label}, but ${layout.title} has ${layout.classes} classes`, {
            file,
            offset,
            fix: "fetch it again",
          });
        }
        yield { label, bytes: buffer.subarray(at + layout.labelBytes, at + length), offset };
      }
    }
  } finally {
    await handle.close();
  }
}

/** Three planes as HWC. */
function interleaved(planes: Uint8Array): Pixels {
  const data = new Uint8Array(planes.length);
  for (let i = 0; i < data.length; i++) data[i] = planes[(i % 3) * pixels + Math.floor(i / 3)] as number;
  return { data, shape: [side, side, 3] };
}
