import { inflateRawSync } from "node:zlib";
import { type NpyHeader, npyHeader } from "@reluctant/pickle";
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

function arrayOf(name: string, file: Uint8Array): StoredTensor {
  const { dtype: written, isFortran, shape, offset } = headerOf(name, file);
  const dtype = numpyDtypes.get(written);
  if (!dtype)
    throw new CheckpointError(
      `array ${quoted(name)} is of dtype ${quoted(written)}, which is not read; save it as float32`,
    );
  const bytes = file.subarray(offset);
  const storage = new Storage(name, dtype.name, dtype, Math.floor(bytes.length / dtype.bytes));
  storage.bytes = bytes;
  const strides = isFortran ? rowMajor(shape.toReversed()).toReversed() : rowMajor(shape);
  const tensor = new StoredTensor(storage, 0, shape, strides);
  if (tensor.size * dtype.bytes !== bytes.length)
    throw new CheckpointError(`array ${quoted(name)} has ${bytes.length} bytes for its shape [${shape}]`);
  return tensor;
}

function headerOf(name: string, file: Uint8Array): NpyHeader {
  try {
    return npyHeader(file);
  } catch (error) {
    throw error instanceof CheckpointError
      ? new CheckpointError(`${quoted(name)} of the archive ${error.message}`)
      : error;
  }
}
