import { mostHeaderBytes, type NpyHeader, npyHeader } from "@reluctant/pickle";
import { DatasetError, isSystemError, reason } from "../errors.ts";
import { maxSampleBytes, maxSamples } from "../source.ts";
import type { FileTree } from "../tree/file-tree.ts";
import { integerReader } from "./integer-reader.ts";
import { rowsOf } from "./labeled-rows.ts";

/** An array in an archive of them. */
export interface ArrayFile {
  readonly tree: FileTree;
  readonly path: string;
}

/** Images as rows of an array, of uint8. */
export interface ImageArray {
  readonly file: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** A plane for each of several channels, one after another. */
  readonly isPlanar: boolean;
  readonly rowBytes: number;
  rows(): AsyncIterable<{ bytes: Uint8Array; offset: number }>;
}

/** @throws DatasetError unless it is uint8, [N, H, W], [N, H, W, C] or [N, C, H, W] */
export async function imageArray({ tree, path }: ArrayFile): Promise<ImageArray> {
  const file = tree.place(path);
  const { dtype, isFortran, shape, offset } = await headerOf(tree, path);
  const [count = 0, ...extents] = shape;
  const isChannelsFirst =
    extents.length === 3 && [1, 3].includes(extents[0] as number) && ![1, 3, 4].includes(extents[2] as number);
  const [height = 0, width = 0, channels = 1] = isChannelsFirst ? [...extents.slice(1), extents[0]] : extents;
  const rowBytes = extents.reduce((product, extent) => product * extent, 1);
  const isWell =
    [2, 3].includes(extents.length) && [1, 3, 4].includes(channels) && rowBytes > 0 && rowBytes <= maxSampleBytes;
  if (dtype.replace(/^[|<>=]/, "") !== "u1" || isFortran || !isWell || count > maxSamples)
    throw new DatasetError(`is [${shape}] of ${dtype}${isFortran ? " in Fortran's order" : ""}`, {
      file,
      fix: "save images as uint8, [N, H, W], [N, H, W, C] or [N, C, H, W]",
    });
  const rows = () => rowsOf(valuesOf(tree, path, offset), rowBytes);
  return { file, count, height, width, channels, isPlanar: isChannelsFirst && channels > 1, rowBytes, rows };
}

/** As a prepared data set's labels can be stored. */
const mostClasses = 65_536;

/** @throws DatasetError unless it is a whole number for each image, from 0 on */
export async function labelArray({ tree, path }: ArrayFile): Promise<Int32Array> {
  const file = tree.place(path);
  const { dtype, shape, offset } = await headerOf(tree, path);
  const reader = integerReader(dtype);
  const [count = 0, second = 1, ...more] = shape;
  if (!reader || second !== 1 || more.length > 0 || count === 0 || count > maxSamples)
    throw new DatasetError(`is [${shape}] of ${dtype}: no label for each image`, {
      file,
      fix: "save labels as integers, [N]",
    });
  const labels = new Int32Array(count);
  let index = 0;
  for await (const { bytes } of rowsOf(valuesOf(tree, path, offset), reader.bytes)) {
    if (bytes.length < reader.bytes || index >= count) break;
    const label = reader.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
    if (!Number.isInteger(label) || label < 0 || label >= mostClasses)
      throw new DatasetError(`has the label ${label} at ${index}`, {
        file,
        fix: `labels are whole numbers from 0 to ${mostClasses - 1}`,
      });
    labels[index++] = label;
  }
  if (index < count) throw new DatasetError(`has ${index} of ${count} labels`, { file, fix: "save it anew" });
  return labels;
}

async function headerOf(tree: FileTree, path: string): Promise<NpyHeader> {
  const start = await firstRow(tree.stream(path), mostHeaderBytes);
  try {
    return npyHeader(start);
  } catch (error) {
    if (isSystemError(error)) throw error;
    throw new DatasetError(reason(error), { file: tree.place(path), fix: "save plain arrays with np.savez" });
  }
}

async function firstRow(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  for await (const { bytes } of rowsOf(pieces, length)) return bytes;
  return new Uint8Array();
}

async function* valuesOf(tree: FileTree, path: string, offset: number): AsyncGenerator<Uint8Array> {
  let left = offset;
  for await (const piece of tree.stream(path)) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (skipped < piece.length) yield piece.subarray(skipped);
  }
}
