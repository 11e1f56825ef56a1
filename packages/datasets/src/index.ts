export { discoverDatasets } from "./discover.ts";
export { DatasetError } from "./errors.ts";
export { glyphs } from "./glyphs.ts";
export {
  type Manifest,
  type ManifestSample,
  manifest,
  type Split,
  splitSizes,
  splits,
  subset,
  versionOf,
} from "./manifest.ts";
export type { Normalization } from "./normalization.ts";
export { type PrepareInput, prepare } from "./prepare.ts";
export { type PrepareAllInput, prepareAll } from "./prepare-all.ts";
export { type Batch, type DatasetReader, openPrepared } from "./reader.ts";
export type { DatasetSource, Pixels, Preprocessing, SampleBytes, Shape } from "./source.ts";
