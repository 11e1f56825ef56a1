import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { decodeImage } from "./decode.ts";
import { DatasetError, reason } from "./errors.ts";
import { type DatasetSource, maxSampleBytes, type SampleBytes, sampleName } from "./source.ts";

/** A data set in gzipped tar archives whose entries are `train|val|test/class/name.jpg|jpeg|png`. */
export const tarSource = (name: string, archives: readonly string[]): DatasetSource => ({
  name,
  fingerprint: async () => {
    const files = await Promise.all(archives.map((archive) => stat(archive)));
    return JSON.stringify([name, files.map(({ size, mtimeMs, ino }, i) => [archives[i], size, mtimeMs, ino])]);
  },
  async *samples() {
    for (const archive of archives) yield* readArchive(archive);
  },
  decode: decodeImage,
});

async function* readArchive(archive: string): AsyncGenerator<SampleBytes> {
  const entries = extract();
  // pipeline destroys every stream on the first error, so that the loop below ends with it.
  pipeline(createReadStream(archive), createGunzip(), entries, () => {});
  let offset = 0; // of the entry last seen: where to look when the archive breaks off
  try {
    for await (const entry of entries) {
      offset = entry.offset;
      const name = acceptEntry(entry.header, { file: archive, offset });
      if (name === undefined) entry.resume();
      else
        yield { name, bytes: await collect(entry, entry.header.size), file: `${archive}:${entry.header.name}`, offset };
    }
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    throw new DatasetError(`the archive is damaged after this entry (${reason(error)}); fetch it again`, {
      file: archive,
      offset,
      cause: error,
    });
  } finally {
    entries.destroy();
  }
}

/** The sample name of an entry to read, undefined for one to pass over; throws before anything is allocated. */
function acceptEntry(header: Header, at: { file: string; offset: number }): string | undefined {
  if (header.type === "directory") return undefined;
  if (header.type !== "file") throw new DatasetError(`${header.name} is a ${header.type}; only files are read`, at);
  if (header.size > maxSampleBytes) {
    throw new DatasetError(`${header.name} has ${header.size} bytes, more than the limit of ${maxSampleBytes}`, at);
  }
  return sampleName(header.name, at);
}

async function collect(entry: AsyncIterable<unknown>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of entry) {
    bytes.set(chunk as Uint8Array, filled);
    filled += (chunk as Uint8Array).byteLength;
  }
  return bytes;
}
