import { ByteReader } from "@reluctant/pickle";
import { CheckpointError, quoted } from "./errors.ts";

/** Signatures and fixed lengths of the format's records, in bytes. */
const records = {
  file: { signature: 0x04034b50, bytes: 30 },
  central: { signature: 0x02014b50, bytes: 46 },
  end: { signature: 0x06054b50, bytes: 22 },
  end64: { signature: 0x06064b50, bytes: 56 },
  locator64: { signature: 0x07064b50, bytes: 20 },
} as const;

/** Of a comment at the end. */
const longestComment = 0xffff;
const mostEntries = 100_000;
/** In a field of 2 or 4 bytes: the value stands in the record of zip64 instead. */
const elsewhere = { two: 0xffff, four: 0xffffffff } as const;

export const isZip = (file: Uint8Array): boolean =>
  file.length >= 4 && new ByteReader(file).uint(4) === records.file.signature;

/** A file of an archive. */
export interface ZipEntry {
  /** As it lies there: a view. */
  packed: Uint8Array;
  /** Its length unpacked, as the archive says. */
  bytes: number;
  /** 0: stored as it is. 8: deflated. */
  method: number;
}

/**
 * The files of a zip archive by name, as views of it. Only entries that are stored as they are: nothing is unpacked, so no
 * small file becomes a large one.
 * @throws CheckpointError naming the entry
 */
export function storedEntries(file: Uint8Array): Map<string, Uint8Array> {
  return new Map(
    [...zipEntries(file)].map(([name, { packed, bytes, method }]) => {
      if (method === 0 && packed.length === bytes) return [name, packed];
      throw new CheckpointError(
        `${quoted(name)} of the archive is compressed; unpack it and pack it again with "zip -0 -r", or save it anew`,
      );
    }),
  );
}

/** Nothing is unpacked. Checksums are not looked at: PyTorch can be told to write none. @throws CheckpointError naming the entry */
export function zipEntries(file: Uint8Array): Map<string, ZipEntry> {
  const { count, start, bytes } = directoryOf(file);
  if (count > mostEntries)
    throw new CheckpointError(`the archive has ${count} entries; more than ${mostEntries} are not read`);
  const reader = new ByteReader(within(file, start, bytes, "its directory"));
  const entries = new Map<string, ZipEntry>();
  const ranges: (readonly [start: number, end: number])[] = [];
  for (let i = 0; i < count; i++) {
    const entry = centralEntry(reader);
    if (entries.has(entry.name)) throw new CheckpointError(`the archive has ${quoted(entry.name)} twice`);
    const from = dataStart(file, entry);
    const { packed, bytes, method } = entry;
    entries.set(entry.name, { packed: within(file, from, packed, quoted(entry.name)), bytes, method });
    ranges.push([entry.offset, from + packed]);
  }
  requireApart(ranges, start);
  return entries;
}

interface CentralEntry {
  name: string;
  /** Of its record before its bytes. */
  offset: number;
  packed: number;
  bytes: number;
  method: number;
}

function centralEntry(reader: ByteReader): CentralEntry {
  if (reader.uint(4) !== records.central.signature)
    throw new CheckpointError("the archive's directory is damaged; copy the file again");
  reader.take(4);
  const flags = reader.uint(2);
  const method = reader.uint(2);
  reader.take(8);
  const sizes = { packed: reader.uint(4), bytes: reader.uint(4) };
  const [nameBytes, extraBytes, commentBytes] = [reader.uint(2), reader.uint(2), reader.uint(2)];
  reader.take(8);
  const narrow = { ...sizes, offset: reader.uint(4) };
  const name = reader.utf8(nameBytes);
  const { bytes, packed, offset } = wide(narrow, reader.take(extraBytes));
  reader.take(commentBytes);
  if (flags & 1) throw new CheckpointError(`${quoted(name)} of the archive is encrypted; save it without a password`);
  return { name, offset, packed, bytes, method };
}

/** Zip64 gives the fields that are too narrow for their values, in this order, in an extra field of number 1. */
function wide(narrow: { packed: number; bytes: number; offset: number }, extra: Uint8Array) {
  const reader = new ByteReader(extra);
  while (reader.left >= 4) {
    const [tag, length] = [reader.uint(2), reader.uint(2)];
    const field = new ByteReader(reader.take(length));
    if (tag !== 1) continue;
    const value = (given: number) => (given === elsewhere.four ? field.uint(8) : given);
    return { bytes: value(narrow.bytes), packed: value(narrow.packed), offset: value(narrow.offset) };
  }
  return narrow;
}

/** Behind the entry's own record, whose extra field pads the bytes to a multiple of 64. */
function dataStart(file: Uint8Array, { name, offset }: CentralEntry): number {
  const reader = new ByteReader(within(file, offset, records.file.bytes, quoted(name)));
  if (reader.uint(4) !== records.file.signature)
    throw new CheckpointError(`${quoted(name)} of the archive is not where its directory says; copy the file again`);
  reader.take(22);
  const [nameBytes, extraBytes] = [reader.uint(2), reader.uint(2)];
  return offset + records.file.bytes + nameBytes + extraBytes;
}

function within(file: Uint8Array, start: number, bytes: number, what: string): Uint8Array {
  if (start + bytes > file.length)
    throw new CheckpointError(
      `the archive is cut short: ${what} ends at byte ${start + bytes} of ${file.length}; copy it again`,
    );
  return file.subarray(start, start + bytes);
}

/** Entries that share bytes are how a small archive pretends to be a large one. */
function requireApart(ranges: (readonly [start: number, end: number])[], directory: number): void {
  let at = 0;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    if (start < at || end > directory)
      throw new CheckpointError("entries of the archive overlap; save it again with torch.save");
    at = end;
  }
}

/** Where the directory lies: the last record says it, or for large archives one before it. */
function directoryOf(file: Uint8Array): { count: number; start: number; bytes: number } {
  const end = endOf(file);
  const reader = new ByteReader(file.subarray(end));
  reader.take(8);
  const disks = reader.uint(2);
  const narrow = { count: reader.uint(2), bytes: reader.uint(4), start: reader.uint(4) };
  const isWide = narrow.count === elsewhere.two || narrow.bytes === elsewhere.four || narrow.start === elsewhere.four;
  if (isWide) return directory64(file, end);
  if (disks !== narrow.count) throw new CheckpointError("the archive is one of several parts; join them first");
  return narrow;
}

function directory64(file: Uint8Array, end: number) {
  const at = end - records.locator64.bytes;
  const locator = new ByteReader(within(file, Math.max(0, at), records.locator64.bytes, "its directory"));
  if (at < 0 || locator.uint(4) !== records.locator64.signature)
    throw new CheckpointError("the archive's end is damaged; copy it again");
  locator.take(4);
  const reader = new ByteReader(within(file, locator.uint(8), records.end64.bytes, "its directory"));
  if (reader.uint(4) !== records.end64.signature)
    throw new CheckpointError("the archive's end is damaged; copy it again");
  reader.take(28);
  const [count, bytes, start] = [reader.uint(8), reader.uint(8), reader.uint(8)];
  return { count, bytes, start };
}

/** The last record ends the file, but for a comment whose length it gives. */
function endOf(file: Uint8Array): number {
  const last = file.length - records.end.bytes;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = last; at >= Math.max(0, last - longestComment); at--) {
    const isEnd = view.getUint32(at, true) === records.end.signature;
    if (isEnd && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw new CheckpointError("the archive is cut short: its directory at the end is missing; copy the file again");
}
