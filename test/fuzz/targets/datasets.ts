/** The readers of data sets: layouts, archives, tables, images and folders with links. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import {
  cifar10Form,
  cifarBinary,
  cifarPickles,
  croppedFirst,
  DatasetError,
  decodeImage,
  decodeView,
  type FileTree,
  flatVal,
  folderTree,
  idx,
  imageFolders,
  indexOf,
  type Layout,
  npz,
  type Plan,
  parquetWithin,
  recognize,
  requirePlainPath,
  requireWhole,
  tarTree,
  webDataset,
  zipTree,
} from "@reluctant/datasets/testing";
import type { Files, Lot, Opened, Reading, Target } from "../target.ts";
import {
  brokenPickles,
  cifarFiles,
  devkitOfBroken,
  folderFiles,
  idxFiles,
  imageFiles,
  npzFile,
  packedBefore,
  parquetFiles,
  shardFiles,
  tarFile,
  tgzFile,
  valFiles,
  zipFile,
  zstFile,
} from "./dataset-files.ts";

const target = (name: string, open: () => Promise<Omit<Opened, "isRefusal">>, limits?: Target["limits"]): Target => ({
  name,
  open: async () => ({ isRefusal: (error) => error instanceof DatasetError, ...(await open()) }),
  ...(limits && { limits }),
});

/** Detects, plans and counts, and reads all samples, whose names are paths within the data set. */
async function readWith(layout: Layout, tree: FileTree): Promise<Reading> {
  const detection = await layout.detect(tree);
  return detection && !("lacks" in detection) ? readAll(await detection.plan({})) : { bytes: 0 };
}

async function readAll(plan: Plan): Promise<Reading & { files: Set<string> }> {
  await plan.count();
  let read = 0;
  const files = new Set<string>();
  for await (const { name, bytes, location } of plan.samples()) {
    requirePlainPath(name, { file: "sample" });
    read += bytes.length;
    if (location) files.add(location.file);
  }
  return { bytes: read, files };
}

/** Files in memory as a tree: nothing is written for an input. */
function memoryTree(files: Files): FileTree {
  const index = indexOf(Object.keys(files), "memory");
  const bytesOf = (path: string): Uint8Array => {
    const content = files[path];
    if (content === undefined) throw new DatasetError("is missing", { file: path, fix: "restore it" });
    return Buffer.from(content);
  };
  return {
    root: "memory",
    list: async (folder) => index.list(folder),
    size: async (path) => bytesOf(path).length,
    async read(path, most) {
      const bytes = bytesOf(path);
      if (bytes.length > most) throw new DatasetError("is too large", { file: path, fix: "remove it" });
      return bytes;
    },
    async *stream(path) {
      yield bytesOf(path);
    },
    async *readAll(paths) {
      for (const path of paths) yield { path, bytes: bytesOf(path), file: path };
    },
    local: async () => null,
    place: (path) => path,
    fingerprint: async () => "memory",
  };
}

const inMemory = (name: string, layout: Layout, files: Files, input?: Opened["input"]): Target =>
  target(name, async () => ({
    files,
    read: (given) => readWith(layout, memoryTree(given)),
    ...(input && { input }),
  }));

/** Readers that seek in files: each input is written in turn. */
const onDisk = (
  name: string,
  files: Files,
  read: (folder: string) => Promise<Reading>,
  { input, limits }: { input?: Opened["input"]; limits?: Target["limits"] } = {},
): Target =>
  target(
    name,
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "reluctant-fuzz-"));
      return {
        files,
        ...(input && { input }),
        async read(given) {
          for (const [path, content] of Object.entries(given)) await writeFile(join(folder, path), content);
          return read(folder);
        },
        close: () => rm(folder, { recursive: true }),
      };
    },
    limits,
  );

/** One of the images, as it is prepared, as it is streamed and as it is looked at. */
const images = target(
  "images",
  async () => {
    const files = await imageFiles();
    const paths = Object.keys(files);
    return {
      files,
      input: ({ below, broken }: Lot) => {
        const path = paths[below(paths.length)] as string;
        return { [path]: broken(files[path] as Uint8Array) };
      },
      async read(given) {
        let read = 0;
        for (const [file, bytes] of Object.entries(given)) {
          const sample = { name: `train/a/${file}`, file, bytes };
          await requireWhole(sample);
          const { data } = await decodeImage(sample);
          await decodeView(
            sample,
            16,
            (size) => croppedFirst({ top: 0, left: 0, ...size }),
            new Uint8Array(16 * 16 * 3),
          );
          read += data.length;
        }
        return { bytes: Math.min(read, 1) }; // how large they may be, the decoders' own limit says: 192 MiB
      },
    };
  },
  { memory: 256 * 2 ** 20 },
);

const names = [
  "train",
  "val",
  "test",
  "Valid",
  "01_train",
  "a",
  "b",
  "1.png",
  "2.jpg",
  ".hidden",
  "read me.txt",
  "日本",
];
const linkMark = "link to ";

/** Folders with a few more files and links, some of which lead out, in a circle or nowhere. */
const folders = target("folders with links", async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "reluctant-fuzz-")));
  const data = join(root, "data");
  const set = join(data, "set");
  const outside = join(root, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "1.png"), "secret");
  const ends = [
    outside,
    join(outside, "1.png"),
    set,
    join(set, "train"),
    join(set, "train/a/1.png"),
    "..",
    "nowhere",
    "/",
  ];
  return {
    files: folderFiles,
    input({ below }: Lot) {
      const files: Record<string, Uint8Array> = { ...folderFiles };
      for (let entry = below(5); entry >= 0; entry--) {
        const path = Array.from({ length: 1 + below(3) }, () => names[below(names.length)]).join("/");
        files[path] = Buffer.from(below(2) ? `${linkMark}${ends[below(ends.length)]}` : "an image");
      }
      return files;
    },
    async read(given) {
      await rm(set, { recursive: true, force: true });
      for (const [path, content] of Object.entries(given)) await put(join(set, path), Buffer.from(content).toString());
      const recognized = await recognize(folderTree(set));
      if (!("plan" in recognized)) return { bytes: 0 };
      const { bytes, files } = await readAll(await recognized.plan({}));
      const real = await Promise.all([...files].map((file) => realpath(file)));
      return { bytes, paths: real.filter((file) => !file.startsWith(data + sep)).map((file) => relative(data, file)) };
    },
    close: () => rm(root, { recursive: true }),
  };
});

/** What is in its way stays. */
async function put(path: string, content: string): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true }).then(
    () => true,
    () => false,
  );
  if (!made) return;
  const written = content.startsWith(linkMark)
    ? symlink(content.slice(linkMark.length), path)
    : writeFile(path, content, { flag: "wx" });
  await written.catch(() => {});
}

/** The readers of data sets. */
export const datasets: readonly Target[] = [
  inMemory("IDX files", idx, idxFiles),
  inMemory("a flat val and its classes", flatVal, valFiles, (lot) =>
    lot.below(2) ? devkitOfBroken(lot) : oneBroken(valFiles, lot),
  ),
  inMemory(
    "CIFAR's binary files",
    cifarBinary({ ...cifar10Form, files: cifar10Form.files.map(short) }),
    cifarFiles.binary,
  ),
  inMemory("CIFAR's pickles", cifarPickles, cifarFiles.pickles, brokenPickles),
  images,
  folders,
  onDisk("zip archives", { "set.zip": zipFile }, (folder) => readWith(imageFolders, zipTree(join(folder, "set.zip")))),
  onDisk("tar archives", { "set.tar": tarFile }, (folder) => readWith(imageFolders, tarTree(join(folder, "set.tar")))),
  onDisk(
    "packed tar archives",
    { "set.tgz": tgzFile },
    (folder) => readWith(imageFolders, tarTree(join(folder, "set.tgz"))),
    { input: (lot) => ({ "set.tgz": lot.below(2) ? packedBefore.tgz(lot) : lot.broken(tgzFile) }) },
  ),
  onDisk(
    "Zstandard's frames",
    { "set.tar.zst": zstFile },
    (folder) => readWith(imageFolders, tarTree(join(folder, "set.tar.zst"))),
    { input: (lot) => ({ "set.tar.zst": lot.below(2) ? packedBefore.zst(lot) : lot.broken(zstFile) }) },
  ),
  onDisk("NumPy's archives", { "set.npz": npzFile }, (folder) => readWith(npz, folderTree(folder))),
  onDisk("WebDataset's shards", shardFiles, (folder) => readWith(webDataset, folderTree(folder))),
  // Some keep the library counting until its thread is ended.
  onDisk("Parquet's tables", parquetFiles, (folder) => readWith(parquetWithin(0.5), folderTree(folder))),
];

function short<F extends { records: number }>(file: F): F {
  return { ...file, records: 3 };
}

function oneBroken(files: Files, { below, broken }: Lot): Files {
  const paths = Object.keys(files);
  const path = paths[below(paths.length)] as string;
  return { ...files, [path]: broken(files[path] as Uint8Array) };
}
