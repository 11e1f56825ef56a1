import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DatasetError, isSystemError, reason } from "../errors.ts";
import { maxSampleBytes, maxSamples, type Part } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { type LabeledRows, labeledRowsPlan, rgb, rowsOf } from "./labeled-rows.ts";
import { type Layout, labelName, type Plan } from "./layout.ts";

const kinds: readonly { kind: "images" | "labels"; dimensions: readonly number[] }[] = [
  { kind: "images", dimensions: [3, 4] },
  { kind: "labels", dimensions: [1] },
];

/** `train-images-idx3-ubyte`, also with a dot, gzipped, or as EMNIST's `emnist-letters-test-labels-idx1-ubyte.gz`. */
const named = /^(?:(.*)-)?(train|t10k|test)-(images|labels)[-.]idx[134]-ubyte(?:\.gz)?$/;

interface IdxFile {
  readonly path: string;
  readonly part: Part;
  readonly kind: "images" | "labels";
}

/**
 * MNIST's files and those made like them: images and labels of uint8, of two parts. Gray becomes RGB.
 * Plans throw DatasetError naming the file.
 */
export const idx: Layout = {
  title: "MNIST's files (train-images-idx3-ubyte with its labels, and t10k-…)",
  async detect(tree) {
    const files = (await tree.list("")).flatMap(({ name }) => idxFile(name) ?? []);
    if (files.length === 0) return null;
    const has = (part: Part, kind: string) => files.filter((file) => file.part === part && file.kind === kind);
    for (const part of ["train", "test"] as const) {
      for (const { kind } of kinds) {
        const found = has(part, kind);
        if (found.length === 0) return { lacks: `${part === "train" ? "train" : "t10k"}-${kind}-idx…-ubyte` };
        if (found.length > 1)
          return { lacks: `one file of ${part} ${kind} alone: it has ${found.map(({ path }) => path)}` };
      }
    }
    return { plan: () => planIdx(tree, files) };
  },
};

function idxFile(path: string): IdxFile | null {
  const [, , part, kind] = named.exec(path) ?? [];
  if (!part) return null;
  return { path, part: part === "train" ? "train" : "test", kind: kind as IdxFile["kind"] };
}

async function planIdx(tree: FileTree, files: readonly IdxFile[]): Promise<Plan> {
  const labels = { train: await labelsOf(tree, files, "train"), test: await labelsOf(tree, files, "test") };
  const images = { train: await imagesOf(tree, files, "train"), test: await imagesOf(tree, files, "test") };
  const most = Math.max(...new Set(labels.train), ...new Set(labels.test));
  const classes = Array.from({ length: most + 1 }, (_, label) => labelName(label, `${most}`.length));
  const { height, width, channels } = images.train;
  if (height !== images.test.height || width !== images.test.width || channels !== images.test.channels)
    throw new DatasetError("has images of another size than train", {
      file: tree.place(images.test.path),
      fix: "take the files of one data set",
    });
  const rows = (["train", "test"] as const).map((part): LabeledRows => {
    const { path, count } = images[part];
    const file = tree.place(path);
    if (count !== labels[part].length) {
      throw new DatasetError(`has ${count} images where there are ${labels[part].length} labels`, {
        file,
        fix: "fetch both again",
      });
    }
    return { part, file, rows: () => labeled(tree, images[part], labels[part]), labels: async () => labels[part] };
  });
  return labeledRowsPlan({ classes, files: rows, decode: (bytes) => rgb(bytes, height, width, channels) });
}

interface IdxImages {
  readonly path: string;
  /** As its header has them, which is as long. */
  readonly axes: number;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

async function imagesOf(tree: FileTree, files: readonly IdxFile[], part: Part): Promise<IdxImages> {
  const { path } = fileOf(files, part, "images");
  const extents = await headerOf(tree, path, [3, 4]);
  const [count = 0, height = 0, width = 0, channels = 1] = extents;
  if (height * width * channels === 0 || height * width * channels > maxSampleBytes || ![1, 3, 4].includes(channels))
    throw malformed(tree, path, `has images of ${height}×${width}×${channels}`);
  return { path, axes: extents.length, count, height, width, channels };
}

async function labelsOf(tree: FileTree, files: readonly IdxFile[], part: Part): Promise<Uint8Array> {
  const { path } = fileOf(files, part, "labels");
  const [count = 0] = await headerOf(tree, path, [1]);
  const labels = new Uint8Array(count);
  let filled = 0;
  for await (const { bytes } of rowsOf(body(tree, path, 1), 2 ** 16)) {
    if (filled + bytes.length > count) throw malformed(tree, path, `has more than its ${count} labels`);
    labels.set(bytes, filled);
    filled += bytes.length;
  }
  if (filled < count || count === 0) throw malformed(tree, path, `has ${filled} of ${count} labels`);
  return labels;
}

const fileOf = (files: readonly IdxFile[], part: Part, kind: string): IdxFile =>
  files.find((file) => file.part === part && file.kind === kind) as IdxFile;

async function* labeled(
  tree: FileTree,
  { path, axes, count, height, width, channels }: IdxImages,
  labels: Uint8Array,
): AsyncGenerator<{ label: number; bytes: Uint8Array; offset: number }> {
  const length = height * width * channels;
  let index = 0;
  for await (const { bytes, offset } of rowsOf(body(tree, path, axes), length)) {
    if (bytes.length < length || index >= count) break;
    yield { label: labels[index++] as number, bytes, offset };
  }
  if (index < count) throw malformed(tree, path, `has ${index} of ${count} images`);
}

/** Extents along its axes. Big-endian: two zeros, 8 for uint8, the number of axes, and four bytes for each. */
async function headerOf(tree: FileTree, path: string, dimensions: readonly number[]): Promise<number[]> {
  const bytes = await firstOf(unpackedStream(tree, path), 20);
  const [zero, zeroToo, type, axes = 0] = bytes;
  if (zero !== 0 || zeroToo !== 0 || type !== 8 || !dimensions.includes(axes) || bytes.length < 4 + 4 * axes)
    throw malformed(tree, path, `does not begin as an IDX file of uint8 with ${dimensions.join(" or ")} axes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const extents = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  if ((extents[0] as number) > maxSamples) throw malformed(tree, path, `says that it has ${extents[0]} entries`);
  return extents;
}

async function firstOf(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  for await (const { bytes } of rowsOf(pieces, length)) return bytes;
  return new Uint8Array();
}

/** What follows the header. */
async function* body(tree: FileTree, path: string, axes: number): AsyncGenerator<Uint8Array> {
  let left = 4 + 4 * axes;
  for await (const piece of unpackedStream(tree, path)) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (skipped < piece.length) yield piece.subarray(skipped);
  }
}

async function* unpackedStream(tree: FileTree, path: string): AsyncGenerator<Uint8Array> {
  if (!path.endsWith(".gz")) return yield* tree.stream(path);
  try {
    yield* pipeline(Readable.from(tree.stream(path)), createGunzip(), () => {});
  } catch (error) {
    if (error instanceof DatasetError || isSystemError(error)) throw error;
    throw malformed(tree, path, `cannot be unpacked (${reason(error)})`);
  }
}

const malformed = (tree: FileTree, path: string, problem: string): DatasetError =>
  new DatasetError(problem, { file: tree.place(path), fix: "fetch it again" });
