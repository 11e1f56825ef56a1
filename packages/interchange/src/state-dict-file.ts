import type { Tensors } from "@reluctant/stages";
import { CheckpointError } from "./checkpoint/errors.ts";
import { findStateDict, readTensors } from "./checkpoint/find-state-dict.ts";
import { readNpz } from "./checkpoint/npz.ts";
import { type GraphCounts, isOnnx, readOnnx } from "./checkpoint/onnx-file.ts";
import { isSafetensors, readForeignSafetensors } from "./checkpoint/safetensors-file.ts";
import { isShardIndex, readShards } from "./checkpoint/shards.ts";
import { statedAccuracy } from "./checkpoint/stated-accuracy.ts";
import { isZip, zipEntries } from "./checkpoint/stored-zip.ts";
import { StoredTensor } from "./checkpoint/tensor.ts";
import { readTorchFile } from "./checkpoint/torch-file.ts";
import { isCounter } from "./naming.ts";
import { onnxRelus } from "./relus/onnx-relus.ts";
import { type StatedNetwork, statedIn } from "./stated-network.ts";

/** A file of somebody else; an index of several comes with those by name. */
export interface ForeignFile {
  bytes: Uint8Array;
  shards?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** A state dict out of a file, without the counters of its batch norms. */
export interface StateDict {
  tensors: Tensors;
  /** Whether the tensors come in the order in which the network was defined: safetensors sorts them. */
  isOrdered: boolean;
  /** Of a file that we exported. */
  stated?: StatedNetwork | undefined;
  /** Of somebody else's file that has a graph. */
  graph?: GraphCounts | undefined;
  /** In [0, 1], as training wrote it beside the network; null where it wrote none that we know. */
  accuracy: number | null;
}

interface Found extends Omit<StateDict, "tensors"> {
  tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Reads a state dict, whatever the file is called: safetensors, an index of several, what `torch.save` or `numpy.savez`
 * wrote, or ONNX.
 * @param at where it lies in a checkpoint of several
 * @throws CheckpointError where the file is none of these, damaged, or has no state dict
 */
export function readStateDict(file: ForeignFile, { at }: { at?: string | undefined } = {}): StateDict {
  const { tensors, ...rest } = foundIn(file, at);
  const wanted = new Map([...tensors].filter(([name]) => !isCounter(name)));
  return { ...rest, tensors: readTensors(wanted) };
}

function foundIn({ bytes, shards = new Map() }: ForeignFile, at: string | undefined): Found {
  if (isSafetensors(bytes)) {
    const { tensors, metadata } = readForeignSafetensors(bytes);
    return { tensors, isOrdered: false, stated: statedIn(metadata), accuracy: null };
  }
  if (isShardIndex(bytes)) return { tensors: readShards(bytes, shards), isOrdered: false, accuracy: null };
  if (isNpz(bytes)) return { tensors: readNpz(bytes), isOrdered: true, accuracy: null };
  if (isOnnx(bytes)) {
    const onnx = readOnnx(bytes);
    const tensors = new Map([...onnx.tensors, ...onnxRelus(onnx)]);
    const stated = statedIn(onnx.metadata);
    return { tensors, isOrdered: true, stated, graph: onnx.isOurs ? undefined : onnx.counts, accuracy: null };
  }
  if (bytes[0] !== 0x80 && !isZip(bytes))
    throw new CheckpointError("not a file of weights: neither PyTorch's, safetensors, an index of them, ONNX nor .npz");
  const root = readTorchFile(bytes);
  const { tensors } = findStateDict(listed(root), { at });
  return { tensors, isOrdered: true, stated: statedIn(textsOf(root)), accuracy: statedAccuracy(root) };
}

/** What a checkpoint says in texts; of somebody else's, which names its model as it likes, nothing. */
function textsOf(root: unknown): Map<string, string> {
  if (!(root instanceof Map) || !root.has("reluCount")) return new Map();
  return new Map(
    [...root].filter((entry): entry is [string, string] => entry.every((part) => typeof part === "string")),
  );
}

const isNpz = (bytes: Uint8Array): boolean =>
  isZip(bytes) && [...zipEntries(bytes).keys()].some((name) => name.endsWith(".npy"));

/** A list of tensors, as masks are kept, is a dict by place. */
const listed = (root: unknown): unknown =>
  Array.isArray(root) && root.length > 0 && root.every((value) => value instanceof StoredTensor)
    ? new Map(root.map((value, place) => [String(place), value]))
    : root;
