import { open, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { decodeImage } from "./decode.ts";
import { DatasetError } from "./errors.ts";
import { type DatasetSource, maxSampleBytes, sampleName } from "./source.ts";

/** A data set laid out as `root/train|val|test/class/name.jpg|jpeg|png`. */
export const folderSource = (name: string, root: string): DatasetSource => ({
  name,
  fingerprint: async () => null,
  async *samples() {
    for await (const file of filesUnder(root)) {
      const path = sampleName(relative(root, file).split(sep).join("/"), { file });
      if (path !== undefined) yield { name: path, bytes: await readBounded(file), file };
    }
  },
  decode: decodeImage,
});

async function* filesUnder(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
    else
      throw new DatasetError("is neither a file nor a folder; links are not followed, copy the file here", {
        file: path,
      });
  }
}

async function readBounded(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > maxSampleBytes) {
      throw new DatasetError(`has ${size} bytes, more than the limit of ${maxSampleBytes}`, { file });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
