import { relative, sep } from "node:path";
import { decodeImage } from "./decode.ts";
import { filesUnder, folderFingerprint, readBounded } from "./files.ts";
import { type DatasetSource, sampleName } from "./source.ts";

/** A data set laid out as `root/train|val|test/class/name.jpg|jpeg|png`. */
export const folderSource = (name: string, root: string): DatasetSource => ({
  name,
  fingerprint: () => folderFingerprint(name, root),
  async *samples() {
    for await (const file of filesUnder(root)) {
      const path = sampleName(relative(root, file).split(sep).join("/"), { file });
      if (path !== undefined) yield { name: path, bytes: await readBounded(file), file, location: { file, offset: 0 } };
    }
  },
  decode: decodeImage,
});
