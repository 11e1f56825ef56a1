/** The readers of networks and masks. */
import { models as known, type Model, reluLayers } from "@reluctant/relu";
import { encodeStudent, encodeWeights, initialWeights } from "@reluctant/stages";
import { findStateDict, readTensors } from "../../../packages/interchange/src/checkpoint/find-state-dict.ts";
import { shardNames } from "../../../packages/interchange/src/checkpoint/shards.ts";
import { npyOf, npzOf } from "../../../packages/interchange/src/checkpoint/test-formats.ts";
import { readTorchFile } from "../../../packages/interchange/src/checkpoint/torch-file.ts";
import {
  CheckpointError,
  onnxFile as exportedOnnx,
  type ForeignFile,
  importNetwork,
  pyTorchFile,
  readNetwork,
} from "../../../packages/interchange/src/index.ts";
import { readMasks } from "../../../packages/interchange/src/relus/find-relus.ts";
import { readStateDict } from "../../../packages/interchange/src/state-dict-file.ts";
import type { Files, Lot, Opened, Reading, Target } from "../target.ts";
import {
  brokenHeader,
  deflatedNpzFile,
  npzFile,
  npzOfBroken,
  onnxFile,
  safetensorsFile,
  shardedFiles,
  torchFile,
  torchOfBroken,
} from "./checkpoint-files.ts";

const file = "network";

const bytesOf = (tensors: ReadonlyMap<string, { values: { byteLength: number } }>): number =>
  [...tensors.values()].reduce((sum, { values }) => sum + values.byteLength, 0);

/** A reader of state dicts refuses by an error of its own. */
const isOfCheckpoint = (error: Error): boolean => error instanceof CheckpointError;

/** What takes whole networks refuses in words, too: errors of JavaScript's own are none of ours. */
const isInWords = (error: Error): boolean => isOfCheckpoint(error) || error.constructor === Error;

const stateDict = (files: Files): Reading => ({
  bytes: bytesOf(readStateDict({ bytes: files[file] as Uint8Array }).tensors),
});

/** The checkpoint's state dict, or its module where it has one. */
function torch(files: Files): Reading {
  const root = readTorchFile(files[file] as Uint8Array);
  const { tensors } = findStateDict(root, root instanceof Map && root.has("net") ? { at: "net" } : {});
  return { bytes: bytesOf(readTensors(tensors)) };
}

/** An index, and whatever files it names. */
function sharded(files: Files): Reading {
  const { "net.safetensors.index.json": bytes = new Uint8Array(), ...others } = files;
  const paths = shardNames(bytes);
  const shards = new Map(
    paths.flatMap((path) => (Object.hasOwn(others, path) ? [[path, others[path] as Uint8Array]] : [])),
  );
  return { bytes: bytesOf(readStateDict({ bytes, shards }).tensors), paths };
}

const reader = (name: string, opened: () => Omit<Opened, "isRefusal">, isRefusal = isOfCheckpoint): Target => ({
  name,
  open: () => ({ isRefusal, ...opened() }),
});

const oneFile = (bytes: Uint8Array, read: Opened["read"], broken?: (lot: Lot) => Uint8Array) => () => ({
  files: { [file]: bytes },
  read,
  ...(broken && { input: (lot: Lot) => ({ [file]: lot.below(2) ? broken(lot) : lot.broken(bytes) }) }),
});

const formats = [
  reader("PyTorch, zip, protocol 2", oneFile(torchFile("zip", 2), torch, torchOfBroken)),
  reader("PyTorch, zip, protocol 4", oneFile(torchFile("zip", 4), torch)),
  reader("PyTorch, legacy", oneFile(torchFile("legacy", 2), torch)),
  reader(
    "safetensors",
    oneFile(safetensorsFile, stateDict, (lot) => brokenHeader(safetensorsFile, lot)),
  ),
  reader("an index of safetensors", () => ({ files: shardedFiles, read: sharded })),
  reader("npz", oneFile(npzFile, stateDict, npzOfBroken)),
  reader("npz, deflated", oneFile(deflatedNpzFile, stateDict)),
  reader("ONNX", oneFile(onnxFile, stateDict)),
];

/** A network of the smallest model that has masks, every other unit of them. */
function network(): { model: Model; masks: Uint8Array[]; artifact: Uint8Array; weights: Uint8Array } {
  const model = (known.resnet8 as NonNullable<(typeof known)[string]>).build([32, 32, 3], 10);
  const masks = reluLayers(model).map(({ units }) => Uint8Array.from({ length: units }, (_, unit) => unit % 2));
  const weights = initialWeights(model, 0);
  return { model, masks, artifact: encodeStudent(model, weights, masks), weights: encodeWeights(model, weights) };
}

const choice = { model: "resnet8", side: 32, classes: 10 };

function imported(files: Files): Reading {
  const { weights, masks } = importNetwork({ bytes: files[file] as Uint8Array }, choice);
  return { bytes: weights.length + (masks?.length ?? 0) };
}

/** Masks that lie in a file of their own. */
function masksFile(): Omit<Opened, "isRefusal"> {
  const { model, masks } = network();
  const layers = reluLayers(model);
  const arrays = layers.map(({ name, shape: [height, width, channels] }, layer) => [
    name,
    npyOf("|u1", [channels, height, width], masks[layer] as Uint8Array),
  ]);
  const sound = Object.fromEntries(arrays) as Record<string, Buffer>;
  return {
    files: { [file]: npzOf(sound) },
    input: ({ broken, below }) => {
      const [name, bytes] = arrays[below(arrays.length)] as [string, Buffer];
      const head = broken(bytes.subarray(0, 128));
      return { [file]: npzOf({ ...sound, [name]: Buffer.concat([head, bytes.subarray(128)]) }) };
    },
    read: (files) => {
      const foreign: ForeignFile = { bytes: files[file] as Uint8Array };
      const { tensors, isOrdered } = readStateDict(foreign);
      const read = readMasks(tensors, model, {}, { isOrdered });
      return { bytes: read.masks.reduce((sum, { length }) => sum + length, 0) };
    },
  };
}

/** Whole networks of ours: what an import, an export and a worker take. */
function own(bytes: () => Uint8Array, read: Opened["read"]): () => Omit<Opened, "isRefusal"> {
  return () => {
    const sound = bytes();
    return { files: { [file]: sound }, input: (lot) => ({ [file]: brokenHeader(sound, lot) }), read };
  };
}

/** An ONNX file of a network: its graph is broken, what lies before and behind it, and none of the many numbers between. */
function ownOnnx(): Omit<Opened, "isRefusal"> {
  const sound = exportedOnnx(readNetwork(network().artifact));
  const edge = 4096;
  return {
    files: { [file]: sound },
    input: ({ broken, below }) => {
      const [head, rest] = [sound.subarray(0, edge), sound.subarray(edge, -edge)];
      const tail = sound.subarray(-edge);
      const parts = below(2) ? [broken(head), rest, tail] : [head, rest, broken(tail)];
      return { [file]: Buffer.concat(parts) };
    },
    read: imported,
  };
}

const artifact = (files: Files): Reading => {
  const { weights, masks } = readNetwork(files[file] as Uint8Array);
  return { bytes: bytesOf(weights) + (masks ?? []).reduce((sum, { length }) => sum + length, 0) };
};

const networks = [
  reader("masks in npz", masksFile, isInWords),
  reader(
    "our artifact of masks",
    own(() => network().artifact, artifact),
    isInWords,
  ),
  reader(
    "our artifact of weights",
    own(() => network().weights, artifact),
    isInWords,
  ),
  reader(
    "an import of our masks",
    own(() => network().artifact, imported),
    isInWords,
  ),
  reader(
    "an import of our safetensors",
    own(() => pyTorchFile(readNetwork(network().artifact)), imported),
    isInWords,
  ),
  reader("an import of our ONNX", ownOnnx, isInWords),
];

export const models: readonly Target[] = [...formats, ...networks];
