import { crc32 } from "node:zlib";

interface ZipEntry {
  name: string;
  bytes: Uint8Array;
  /** 0 where the bytes are stored as they are; no other has its sum checked. */
  method?: number;
  /** Unpacked; of stored ones that of the bytes. */
  length?: number;
  /** Where its directory says that it lies, if that is not where it is. */
  offset?: number;
}

/** A zip archive, each entry's bytes at a multiple of 64, as PyTorch places them. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, method = 0, length = bytes.length, offset = at } of entries) {
    const title = Buffer.from(name);
    const padding = Buffer.alloc((64 - ((at + 30 + title.length) % 64)) % 64);
    const fields = Buffer.alloc(26); // from the version to the lengths of name and extra field
    fields.writeUInt16LE(method, 4);
    if (method === 0) fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(length, 18);
    fields.writeUInt16LE(title.length, 22);
    fields.writeUInt16LE(padding.length, 24);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, title, padding, bytes]);
    const central = Buffer.alloc(46);
    central.write("PK\x01\x02", "latin1");
    fields.copy(central, 6, 0, 24);
    central.writeUInt32LE(offset, 42);
    parts.push(local);
    directory.push(central, title);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}
