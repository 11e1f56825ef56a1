import { inflateRawSync } from "node:zlib";
import { ByteReader } from "@reluctant/pickle";
import { numpyDtypes } from "./dtypes.ts";
import { CheckpointError, quoted } from "./errors.ts";
import { type ZipEntry, zipEntries } from "./stored-zip.ts";
import { rowMajor, Storage, StoredTensor } from "./tensor.ts";

/** What all arrays of a file may take unpacked: a ResNet-50 in float64 four times. */
const mostBytes = 2 ** 30;

/** Arrays that NumPy's `savez` or `savez_compressed` wrote, by name, in the archive's order. @throws CheckpointError */
export function readNpz(file: Uint8Array): Map<string, StoredTensor> {
  const entries = [...zipEntries(file)].filter(([name]) => name.endsWith(".npy"));
  if (entries.length === 0) throw new CheckpointError("the archive holds no array: no file of it ends in .npy");
  const total = entries.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  if (total > mostBytes)
    throw new CheckpointError(`the archive's arrays take ${total} bytes unpacked; more than ${mostBytes} are not read`);
  return new Map(entries.map(([name, entry]) => [name.slice(0, -".npy".length), arrayOf(name, unpacked(name, entry))]));
}

function unpacked(name: string, { packed, bytes, method }: ZipEntry): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw new CheckpointError(`array ${quoted(name)} is compressed in an unknown way`);
  let inflated: Uint8Array | undefined;
  try {
    inflated = inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
  } catch {
    // Damaged, or more than the archive says: the same for whoever has it.
  }
  if (inflated?.length !== bytes) throw new CheckpointError(`array ${quoted(name)} is damaged; copy the file again`);
  return inflated;
}

/** `\x93NUMPY`, a version, the header's length, and a Python dict of dtype, order and shape; then the values. */
function arrayOf(name: string, file: Uint8Array): StoredTensor {
  const reader = new ByteReader(file);
  const magic = Buffer.from(reader.take(6)).toString("latin1");
  if (magic !== "\x93NUMPY") throw new CheckpointError(`${quoted(name)} of the archive is no array of NumPy`);
  const major = reader.uint(1);
  reader.take(1);
  const header = Buffer.from(reader.take(reader.uint(major === 1 ? 2 : 4))).toString("latin1");
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1]?.match(/\d+/g)?.map(Number) ?? [];
  const dtype = numpyDtypes.get(descr ?? "");
  if (!dtype || !order || !/'shape':\s*\(/.test(header))
    throw new CheckpointError(
      `array ${quoted(name)} is of dtype ${quoted(descr ?? "?")}, which is not read; save it as float32`,
    );
  const bytes = reader.take(reader.left);
  const storage = new Storage(name, dtype.name, dtype, Math.floor(bytes.length / dtype.bytes));
  storage.bytes = bytes;
  const strides = order === "True" ? rowMajor(shape.toReversed()).toReversed() : rowMajor(shape);
  const tensor = new StoredTensor(storage, 0, shape, strides);
  if (tensor.size * dtype.bytes !== bytes.length)
    throw new CheckpointError(`array ${quoted(name)} has ${bytes.length} bytes for its shape [${shape}]`);
  return tensor;
}
