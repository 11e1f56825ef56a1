/** Small sound files of every format in which data sets come, and how they break deeper than by their bytes alone. */
import { deflateSync } from "node:zlib";
import { Call, pickled, Tuple } from "@reluctant/pickle/testing";
import { uint32 } from "@reluctant/relu";
import sharp from "sharp";
import { gzipped, idxOf, npyOf, parquetOf, tarOf, zipOf, zstdOf } from "../../imports/data-files.ts";
import type { Files, Lot } from "../target.ts";

const gray = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(4, i)));
const labels = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => i % 2));
const image = Buffer.from("not decoded here");

export const idxFiles = {
  "train-images-idx3-ubyte": idxOf([6, 2, 2], gray(6)),
  "train-labels-idx1-ubyte.gz": gzipped(idxOf([6], labels(6))),
  "t10k-images-idx3-ubyte": idxOf([2, 2, 2], gray(2)),
  "t10k-labels-idx1-ubyte": idxOf([2], labels(2)),
};

function matElement(type: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}
const matNames = matElement(14, Buffer.from("n00000001  n00000002 "));
const packedMat = (names: Uint8Array) => Buffer.concat([Buffer.alloc(128), matElement(15, deflateSync(names))]);

export const valFiles = {
  "train/n00000001/1.JPEG": image,
  "train/n00000002/2.JPEG": image,
  "val/a.JPEG": image,
  "val/b.JPEG": image,
  "val/c.JPEG": image,
  "devkit/ground_truth.txt": Buffer.from("1\n2\n1\n"),
  "devkit/meta.mat": packedMat(matNames),
};

/** Names that are broken before they are packed. */
export const devkitOfBroken = ({ broken }: Lot): Files => ({
  ...valFiles,
  "devkit/meta.mat": packedMat(broken(matNames)),
});

const batchNames = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
const records = Buffer.concat([0, 3, 9].map((label) => Buffer.concat([Buffer.of(label), Buffer.alloc(3_072, label)])));
const dtype = new Call("numpy.dtype", ["u1", 0, 1], { state: new Tuple(3, "|", null, null, null, -1, -1, 0) });
const batch = pickled(
  new Map<string, unknown>([
    [
      "data",
      new Call("numpy.core.multiarray._reconstruct", [new Tuple(), new Tuple(0), Buffer.from("b")], {
        state: new Tuple(1, new Tuple(2, 3072), dtype, false, Buffer.alloc(6144)),
      }),
    ],
    ["labels", [3, 4]],
  ]),
  4,
);
const meta = pickled(new Map([["label_names", classNames]]));

export const cifarFiles = {
  binary: {
    ...Object.fromEntries(batchNames.map((name) => [`${name}.bin`, records])),
    "batches.meta.txt": Buffer.from(classNames.map((name) => `${name}\n`).join("")),
  },
  pickles: { ...Object.fromEntries(batchNames.map((name) => [name, batch])), "batches.meta": meta },
};

/** The pixels are most of a batch; what stands before and behind them is what is read. */
export function brokenPickles({ below: draw, broken }: Lot): Files {
  const at = batch.indexOf(Buffer.alloc(100));
  const [head, pixels, tail] = [batch.subarray(0, at), Buffer.alloc(6144), batch.subarray(at + 6144)];
  const changed = [
    () => ({ "batches.meta": broken(meta) }),
    () => ({ data_batch_1: Buffer.concat([broken(head), pixels, tail]) }),
    () => ({ data_batch_1: Buffer.concat([head, pixels, broken(tail)]) }),
  ][draw(3)] as () => Files;
  return { ...cifarFiles.pickles, ...changed() };
}

export const folderFiles = { "train/a/1.png": image, "train/b/2.png": image, "val/a/3.png": image };
export const zipFile = zipOf(folderFiles);
export const tarFile = await tarOf(folderFiles);
export const tgzFile = gzipped(tarFile);
export const zstFile = zstdOf(tarFile);
/** Archives that are broken before they are packed. */
export const packedBefore = {
  tgz: ({ broken }: Lot) => gzipped(broken(tarFile)),
  zst: ({ broken }: Lot) => zstdOf(broken(tarFile)),
};

export const npzFile = zipOf({
  "x_train.npy": npyOf("|u1", [6, 2, 2], gray(6)),
  "y_train.npy": npyOf("<i2", [6], Buffer.from(Int16Array.of(0, 1, 0, 1, 0, 1).buffer)),
  "x_test.npy": npyOf("|u1", [2, 2, 2], gray(2)),
  "y_test.npy": npyOf("|u1", [2], labels(2)),
});

const shard = await tarOf({ "0.png": image, "0.cls": "0", "1.png": image, "1.json": '{"label": 1}' });
export const shardFiles = { "set-train-0.tar": shard, "set-val-0.tar": shard };

const table = parquetOf([image, image, image, image], [0, 1, 0, 1], ["a", "b"]);
export const parquetFiles = { "train.parquet": table, "test.parquet": table };

/** Every format and mode that is read. */
export async function imageFiles(): Promise<Files> {
  const pixels = Uint8Array.from({ length: 24 * 20 * 3 }, (_, index) => uint32({ seed: 1, stream: 78, index }) % 256);
  const drawn = () => sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } });
  return {
    "1.jpg": await drawn().jpeg().toBuffer(),
    "progressive.jpg": await drawn().jpeg({ progressive: true }).toBuffer(),
    "cmyk.jpg": await drawn().toColourspace("cmyk").jpeg().toBuffer(),
    "1.png": await drawn().png().toBuffer(),
    "palette.png": await drawn().png({ palette: true }).toBuffer(),
    "16-bit.png": await drawn().toColourspace("rgb16").png().toBuffer(),
    "1.webp": await drawn().webp().toBuffer(),
    "lossless.webp": await drawn().webp({ lossless: true }).toBuffer(),
  };
}
