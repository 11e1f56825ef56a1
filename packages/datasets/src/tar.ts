import { archiveEntries } from "./archive.ts";
import { decodeImage } from "./decode.ts";
import { fingerprintOf } from "./files.ts";
import { type DatasetSource, sampleName } from "./source.ts";

/** A data set in tar archives whose entries are `train|val|test/class/name.jpg|jpeg|png`. */
export const tarSource = (name: string, archives: readonly string[]): DatasetSource => ({
  name,
  fingerprint: () => fingerprintOf(name, archives),
  async *samples() {
    for (const archive of archives) {
      for await (const { accepted, path, ...entry } of archiveEntries(archive, sampleName)) {
        yield { ...entry, name: accepted, file: `${archive}:${path}` };
      }
    }
  },
  decode: decodeImage,
});
