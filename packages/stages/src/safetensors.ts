import { type HostTensor, sizeOf, type Tensors } from "./tensors.ts";

/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header naming each tensor's dtype, shape and
 * byte range, then the bytes, without gaps. We write float32 and uint8 (packed bits); other dtypes are refused.
 */
export interface SafetensorsFile {
  tensors: Tensors;
  metadata: Readonly<Record<string, string>>;
}

const dtypes = { F32: 4, U8: 1 } as const;
/** The reference implementation's limit on headers. */
const maxHeaderBytes = 100_000_000;

/** Tensors are laid out largest dtype first, then by name, so that equal contents give equal bytes. */
export function encodeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array {
  const ordered = [...tensors].sort(([a, x], [b, y]) => itemBytes(y) - itemBytes(x) || (a < b ? -1 : 1));
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, values }] of ordered) {
    if (values.length !== sizeOf(shape))
      throw new RangeError(`tensor "${name}" has ${values.length} values for shape [${shape}]`);
    const begin = end;
    end += values.byteLength;
    header[name] = { dtype: values instanceof Float32Array ? "F32" : "U8", shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8; // padded with spaces so that the data is aligned
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes).set(json, 8);
  let at = 8 + headerBytes;
  for (const [, { values }] of ordered) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

/**
 * Tensors are copies: they do not keep `file` alive. Tensors whose name `skip` answers are left out, whatever their dtype.
 * @throws Error when the header or any range is not as the format says
 */
export function decodeSafetensors(
  file: Uint8Array,
  { skip = () => false }: { skip?: (name: string) => boolean } = {},
): SafetensorsFile {
  const header = headerOf(file);
  const data = file.subarray(8 + header.bytes);
  const tensors = new Map<string, HostTensor>();
  const ranges: [number, number][] = [];
  for (const [name, entry] of Object.entries(header.json)) {
    if (name === "__metadata__") continue;
    const record = entryOf(name, entry);
    const [begin, end] = rangeOf(name, record, data.length);
    ranges.push([begin, end]);
    // A copy even where `file` is a Buffer, whose slices are views.
    if (!skip(name)) tensors.set(name, tensorOf(name, record, new Uint8Array(data.subarray(begin, end))));
  }
  requireNoGaps(ranges, data.length);
  return { tensors, metadata: metadataOf(header.json.__metadata__) };
}

/** A file that lies elsewhere; `read` gives its bytes from `start` up to `end`. */
export interface RemoteFile {
  bytes: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

/**
 * The tensors that `wanted` answers, of a file too large to be fetched for them: what is read is the header, and the bytes
 * from the first of them to the last. Tensors of one dtype lie together.
 * @throws Error as `decodeSafetensors`
 */
export async function readSafetensors(file: RemoteFile, wanted: (name: string) => boolean): Promise<SafetensorsFile> {
  if (file.bytes < lengthBytes) throw tooShort();
  const header = headerLength(await file.read(0, lengthBytes), file.bytes);
  const data = lengthBytes + header;
  const json = parseHeader(await file.read(lengthBytes, data));
  const found = Object.entries(json).flatMap(([name, entry]) => {
    if (name === "__metadata__" || !wanted(name)) return [];
    const record = entryOf(name, entry);
    return [{ name, record, range: rangeOf(name, record, file.bytes - data) }];
  });
  const first = Math.min(...found.map(({ range: [begin] }) => begin));
  const last = Math.max(...found.map(({ range: [, end] }) => end));
  const bytes = last > first ? await file.read(data + first, data + last) : new Uint8Array();
  const tensors = found.map(({ name, record, range: [begin, end] }) => {
    const own = new Uint8Array(bytes.subarray(begin - first, end - first));
    return [name, tensorOf(name, record, own)] as const;
  });
  return { tensors: new Map(tensors), metadata: metadataOf(json.__metadata__) };
}

/** Of the number that says how long the header is. */
const lengthBytes = 8;
const tooShort = () => new Error("not a safetensors file: shorter than 8 bytes");

function headerOf(file: Uint8Array): { json: Record<string, unknown>; bytes: number } {
  if (file.length < lengthBytes) throw tooShort();
  const bytes = headerLength(file, file.length);
  return { json: parseHeader(file.subarray(lengthBytes, lengthBytes + bytes)), bytes };
}

/** @param start the file's first bytes */
function headerLength(start: Uint8Array, fileBytes: number): number {
  const bytes = Number(new DataView(start.buffer, start.byteOffset, lengthBytes).getBigUint64(0, true));
  if (bytes > maxHeaderBytes || bytes > fileBytes - lengthBytes)
    throw new Error(`not a safetensors file: a header of ${bytes} bytes does not fit`);
  return bytes;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  const json = jsonOf(bytes);
  if (!isRecord(json)) throw new Error("not a safetensors file: its header is not an object");
  return json;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Error("not a safetensors file, or a damaged one: its header is no JSON");
  }
}

function entryOf(name: string, entry: unknown): Record<string, unknown> {
  if (!isRecord(entry)) throw new Error(`tensor "${name}": its header entry is not an object`);
  return entry;
}

function rangeOf(name: string, { data_offsets: offsets }: Record<string, unknown>, dataBytes: number) {
  if (!isCounts(offsets) || offsets.length !== 2)
    throw new Error(`tensor "${name}": data_offsets is not a pair of counts`);
  const [begin = 0, end = 0] = offsets;
  if (begin > end || end > dataBytes)
    throw new Error(`tensor "${name}": bytes ${begin}–${end} lie outside the ${dataBytes} of the file`);
  return [begin, end] as const;
}

function tensorOf(name: string, { dtype, shape }: Record<string, unknown>, bytes: Uint8Array): HostTensor {
  if (dtype !== "F32" && dtype !== "U8")
    throw new Error(`tensor "${name}": dtype ${String(dtype)} is not read; convert it to F32`);
  if (!isCounts(shape) || shape.length > 8)
    throw new Error(`tensor "${name}": its shape is not a list of at most 8 counts`);
  if (bytes.length !== sizeOf(shape) * dtypes[dtype])
    throw new Error(`tensor "${name}": ${bytes.length} bytes do not hold shape [${shape}]`);
  return { shape, values: dtype === "F32" ? new Float32Array(bytes.buffer) : bytes };
}

function requireNoGaps(ranges: [number, number][], dataBytes: number): void {
  let at = 0;
  for (const [begin, end] of ranges.sort(([a, x], [b, y]) => a - b || x - y)) {
    if (begin !== at) throw new Error(`tensor bytes overlap or leave a gap at ${at}`);
    at = end;
  }
  if (at !== dataBytes) throw new Error(`${dataBytes - at} bytes belong to no tensor`);
}

function metadataOf(metadata: unknown = {}): Record<string, string> {
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw new Error("__metadata__ must map names to strings");
  }
  return metadata as Record<string, string>;
}

const itemBytes = ({ values }: HostTensor): number => values.BYTES_PER_ELEMENT;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
