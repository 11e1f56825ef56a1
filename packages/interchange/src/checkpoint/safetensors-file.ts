import { ByteReader } from "@reluctant/pickle";
import { safetensorsDtypes } from "./dtypes.ts";
import { CheckpointError, quoted } from "./errors.ts";
import { rowMajor, Storage, StoredTensor } from "./tensor.ts";

export interface ForeignSafetensors {
  tensors: Map<string, StoredTensor>;
  metadata: ReadonlyMap<string, string>;
}

/** The reference implementation's limit on headers. */
const longestHeader = 100_000_000;

/** 8 bytes of length, a header in JSON, bytes. One of 640 bytes begins like a pickle, and JSON may have a brace there, too. */
export const isSafetensors = (file: Uint8Array): boolean =>
  file[8] === 0x7b && new DataView(file.buffer, file.byteOffset).getBigUint64(0, true) < 2n ** 32n;

/**
 * A safetensors file of somebody else: any dtype that has numbers. Our own artifacts are read by `decodeSafetensors`.
 * @throws CheckpointError naming the tensor
 */
export function readForeignSafetensors(file: Uint8Array): ForeignSafetensors {
  const reader = new ByteReader(file);
  const length = reader.uint(8);
  if (length > longestHeader || length > reader.left)
    throw new CheckpointError(`the safetensors file is cut short: a header of ${length} bytes in ${file.length}`);
  const header = parsed(reader.take(length));
  const data = reader.take(reader.left);
  const tensors = new Map<string, StoredTensor>();
  const ranges: (readonly [begin: number, end: number])[] = [];
  for (const [name, entry] of header) {
    if (name === "__metadata__") continue;
    const { tensor, range } = tensorOf(name, entry, data);
    ranges.push(range);
    tensors.set(name, tensor);
  }
  requireNoGaps(ranges, data.length);
  if (tensors.size === 0) throw new CheckpointError("the safetensors file has an empty header: it holds no tensor");
  return { tensors, metadata: metadataOf(header.get("__metadata__")) };
}

function parsed(bytes: Uint8Array): Map<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw new CheckpointError("not a safetensors file: its header is no JSON");
  }
  if (!isRecord(header)) throw new CheckpointError("not a safetensors file: its header is no object");
  const entries = new Map(Object.entries(header));
  const twice = keyTwice(text);
  if (twice !== undefined) throw new CheckpointError(`the safetensors file has tensor ${quoted(twice)} twice`);
  return entries;
}

/** A key of the outer object that stands there twice: JSON.parse would keep the last. */
function keyTwice(header: string): string | undefined {
  const keys = new Set<string>();
  let depth = 0;
  for (const [token, text, colon] of header.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === "{") depth++;
    else if (token === "}") depth--;
    else if (depth === 1 && text && colon) {
      const key = JSON.parse(text) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function tensorOf(name: string, entry: unknown, data: Uint8Array) {
  const { dtype, shape, data_offsets: range } = isRecord(entry) ? entry : {};
  if (!isRange(range) || range[1] > data.length)
    throw new CheckpointError(`tensor ${quoted(name)}: its bytes are not those of the file; copy it again`);
  const known = safetensorsDtypes.get(String(dtype));
  if (!known)
    throw new CheckpointError(`tensor ${quoted(name)} is ${quoted(String(dtype))}, which is not read; save it as F32`);
  const bytes = data.subarray(range[0], range[1]);
  const storage = new Storage(name, String(dtype), known, Math.floor(bytes.length / known.bytes));
  storage.bytes = bytes;
  const tensor = new StoredTensor(storage, 0, shape, Array.isArray(shape) ? rowMajor(shape as number[]) : null);
  if (tensor.size * known.bytes !== bytes.length)
    throw new CheckpointError(`tensor ${quoted(name)}: ${bytes.length} bytes do not hold its shape [${tensor.shape}]`);
  return { tensor, range };
}

function requireNoGaps(ranges: (readonly [number, number])[], length: number): void {
  let at = 0;
  for (const [begin, end] of ranges.sort(([a, x], [b, y]) => a - b || x - y)) {
    if (begin !== at) throw new CheckpointError(`tensors of the safetensors file overlap or leave a gap at byte ${at}`);
    at = end;
  }
  if (at !== length) throw new CheckpointError(`${length - at} bytes of the safetensors file belong to no tensor`);
}

const metadataOf = (metadata: unknown): Map<string, string> =>
  new Map(
    Object.entries(isRecord(metadata) ? metadata : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) &&
  value.length === 2 &&
  value.every((at) => Number.isSafeInteger(at) && at >= 0) &&
  value[0] <= value[1];
