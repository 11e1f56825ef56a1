import { decodeImage } from "./decode.ts";
import { fingerprintOf } from "./files.ts";
import { first, type Plan, plannedSource, TallyCount } from "./layouts/layout.ts";
import { type DatasetSource, type Part, type SampleBytes, sampleName } from "./source.ts";
import { archiveEntries, archiveFiles } from "./tree/archive.ts";

/** A data set in tar archives whose entries are `train|val|test/class/name.jpg|jpeg|png`. */
export const tarSource = (name: string, archives: readonly string[]): DatasetSource =>
  plannedSource(name, { fingerprint: (of) => fingerprintOf(of, archives) }, async () => tarPlan(archives));

export function tarPlan(archives: readonly string[]): Plan {
  return {
    leftOut: [],
    decode: decodeImage,
    samples: () => samplesOf(archives),
    some: (count) => first(samplesOf(archives), count),
    async count() {
      const tally = new TallyCount();
      for (const archive of archives) {
        for await (const { path, offset } of archiveFiles(archive)) {
          const [part, label] = sampleName(path, { file: archive, offset })?.split("/") ?? [];
          if (part && label) tally.add(part as Part, label);
        }
      }
      return { classes: tally.classes, share: 1 };
    },
  };
}

async function* samplesOf(archives: readonly string[]): AsyncGenerator<SampleBytes> {
  for (const archive of archives) {
    for await (const { accepted, path, ...entry } of archiveEntries(archive, sampleName)) {
      yield { ...entry, name: accepted, file: `${archive}:${path}` };
    }
  }
}
