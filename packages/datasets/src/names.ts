import { catalog } from "@reluctant/relu";

/** Of data sets. */
export const namePattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

/** What well-known data sets are called as they are downloaded, and what the literature calls them. */
const wellKnown = catalog<Record<string, string>>({
  "cifar-10-batches-bin": "cifar10",
  "cifar-10-batches-py": "cifar10",
  "cifar-10-binary": "cifar10",
  "cifar-10-python": "cifar10",
  "cifar-100-binary": "cifar100",
  "cifar-100-python": "cifar100",
  "tiny-imagenet-200": "tiny-imagenet",
});

/** The name of the data set that a folder holds. */
export const datasetName = (folder: string): string => wellKnown[folder] ?? folder;

const archive = String.raw`\.(?:tar|tar\.gz|tgz|tar\.zst|zip|npz)`;

/** The name of the data set in an archive of its own; null for another file. */
export function archiveName(file: string): string | null {
  const [, stem] = new RegExp(`^(${namePattern}?)${archive}$`, "i").exec(file) ?? [];
  return stem === undefined ? null : datasetName(stem);
}

/** The two halves of a data set in two archives, given one of them: `NAME-train.tar.gz` and `NAME-val.tar.gz`. */
export function pairOf(file: string): { name: string; half: string; train: string; val: string } | null {
  const [, name, half] = new RegExp(`^(${namePattern})-(train|val)\\.tar\\.gz$`).exec(file) ?? [];
  if (name === undefined || half === undefined) return null;
  return { name, half, train: `${name}-train.tar.gz`, val: `${name}-val.tar.gz` };
}
