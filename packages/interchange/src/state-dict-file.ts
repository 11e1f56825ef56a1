import { decodeSafetensors, type HostTensor } from "@reluctant/stages";
import { findStateDict, readTensors } from "./checkpoint/find-state-dict.ts";
import { isZip } from "./checkpoint/stored-zip.ts";
import { readTorchFile } from "./checkpoint/torch-file.ts";
import { isCounter } from "./naming.ts";

/** A state dict out of a file, without the counters of its batch norms. */
export interface StateDict {
  tensors: ReadonlyMap<string, HostTensor>;
  /** Whether the tensors come in the order in which the network was defined: safetensors sorts them. */
  isOrdered: boolean;
}

/**
 * Reads a state dict, whatever the file is called: safetensors, or what `torch.save` wrote.
 * @param at where it lies in a checkpoint of several
 * @throws Error where the file is neither, damaged, or has none
 */
export function readStateDict(file: Uint8Array, { at }: { at?: string | undefined } = {}): StateDict {
  if (!isTorchFile(file)) return { tensors: decodeSafetensors(file, { skip: isCounter }).tensors, isOrdered: false };
  const { tensors } = findStateDict(readTorchFile(file), { at });
  const wanted = new Map([...tensors].filter(([name]) => !isCounter(name)));
  return { tensors: readTensors(wanted), isOrdered: true };
}

/** An archive, or a pickle. A safetensors header of 640 bytes begins like a pickle too, but has a brace behind its length. */
const isTorchFile = (file: Uint8Array): boolean => isZip(file) || (file[0] === 0x80 && file[8] !== 0x7b);
