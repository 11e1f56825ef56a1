/** Small sound files of every format in which networks come, and how they break deeper than by their bytes alone. */
import { Call, Instance, type Protocol, pickled, Tuple } from "@reluctant/pickle/testing";
import {
  CheckpointMaker,
  moduleState,
  orderedDict,
} from "../../../packages/interchange/src/checkpoint/test-checkpoint.ts";
import {
  float32,
  indexOf,
  npyOf,
  npzOf,
  onnxOf,
  safetensorsOf,
} from "../../../packages/interchange/src/checkpoint/test-formats.ts";
import { zipOf } from "../../../packages/interchange/src/checkpoint/write-zip.ts";
import type { Lot } from "../target.ts";

/** A checkpoint with a part of everything that has a meaning; its state dict and its module have 28 bytes as float32. */
export function torchFile(form: "zip" | "legacy", protocol: Protocol): Buffer {
  const maker = new CheckpointMaker();
  const shared = maker.storage("Half", Uint16Array.of(1, 2, 3, 4, 5, 6));
  const dtype = new Call("numpy.dtype", ["f8", false, true], { state: new Tuple(3, "<", null, null, null, -1, -1, 0) });
  const conv = moduleState({
    parameters: [["weight", maker.parameter(maker.view(shared, [3, 2], { strides: [1, 3] }))]],
    buffers: [["steps", maker.view(maker.storage("Long", BigInt64Array.of(7n)), [])]],
  });
  const root = new Map<string, unknown>([
    ["epoch", 300],
    ["best", new Call("numpy.core.multiarray.scalar", [dtype, Buffer.alloc(8)])],
    ["args", new Instance("argparse.Namespace", new Map([["lr", 0.1]]))],
    [
      "state_dict",
      orderedDict(
        new Map([
          ["a.weight", maker.tensor([2, 2], [1, 2, 3, 4])],
          ["b.weight", maker.view(shared, [2, 3])],
        ]),
      ),
    ],
    ["net", new Instance("models.Net", moduleState({ modules: [["conv", new Instance("models.Conv", conv)]] }))],
  ]);
  return form === "zip" ? maker.zip(root, { protocol }) : maker.legacy(root);
}

const conv = float32([2, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
const dense = float32([2, 2], [1, 2, 3, 4]);
const arrays = { conv: npyOf("<f4", conv.shape, conv.bytes), fc: npyOf("<f4", dense.shape, dense.bytes) };

export const safetensorsFile = safetensorsOf({ conv, fc: dense });
export const shardedFiles = {
  "net.safetensors.index.json": indexOf({ conv: "a.safetensors", fc: "b.safetensors" }),
  "a.safetensors": safetensorsOf({ conv }),
  "b.safetensors": safetensorsOf({ fc: dense }),
};
export const npzFile = npzOf(arrays);
export const deflatedNpzFile = npzOf(arrays, { deflated: true });
export const onnxFile = Buffer.from(onnxOf({ conv, dense }));

/** An archive whose entries are broken, and stand in it as if they were whole: what reads them is reached each time. */
export const npzOfBroken = ({ broken, below }: Lot): Buffer =>
  npzOf(
    { ...arrays, [below(2) ? "conv" : "fc"]: broken(below(2) ? arrays.conv : arrays.fc) },
    { deflated: below(2) === 1 },
  );

/** As `npzOfBroken`, of PyTorch's: the pickle alone is broken. */
export function torchOfBroken({ broken }: Lot): Buffer {
  const maker = new CheckpointMaker();
  const tensor = maker.tensor([2, 2], [1, 2, 3, 4]);
  const pickle = pickled(new Map<string, unknown>([["state_dict", orderedDict(new Map([["a.weight", tensor]]))]]), 2);
  return zipOf([
    { name: "archive/data.pkl", bytes: broken(pickle) },
    { name: "archive/data/0", bytes: Buffer.alloc(16, 1) },
    { name: "archive/version", bytes: Buffer.from("3\n") },
  ]);
}

/** A safetensors file with a broken header whose length is right, or broken anywhere before its numbers. */
export function brokenHeader(file: Uint8Array, { broken, below }: Lot): Buffer {
  const end = 8 + Number(Buffer.from(file).readBigUInt64LE());
  if (below(3) === 0) return Buffer.concat([broken(file.subarray(0, end)), file.subarray(end)]);
  const header = broken(file.subarray(8, end));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, file.subarray(end)]);
}
