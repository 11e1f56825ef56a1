import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { type HostTensor, prefixed, type Tensors, under } from "./tensors.ts";

/** Everything to go on from: taking one changes no number, resuming from one repeats every number. */
export interface Checkpoint {
  /** Steps done. */
  step: number;
  weights: Tensors;
  momenta: Tensors;
  /** What the stage itself keeps: masks, sparsity patterns, score sums. */
  extra: Tensors;
  /** What the stage keeps besides tensors; must survive JSON, which holds every finite double exactly. */
  notes: unknown;
}

const format = "reluctant-checkpoint/1";

export function encodeCheckpoint({ step, weights, momenta, extra, notes }: Checkpoint): Uint8Array {
  const tensors = new Map<string, HostTensor>([
    ...prefixed("weights", weights),
    ...prefixed("momenta", momenta),
    ...prefixed("extra", extra),
  ]);
  return encodeSafetensors({ tensors, metadata: { format, step: String(step), notes: JSON.stringify(notes) } });
}

/** @throws Error when the file is not a checkpoint of this format. */
export function decodeCheckpoint(file: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(file);
  if (metadata.format !== format) throw new Error(`format ${metadata.format} is not ${format}`);
  const step = Number(metadata.step);
  if (!Number.isSafeInteger(step) || step < 0) throw new Error(`step ${metadata.step} is not a count`);
  return {
    step,
    weights: under("weights", tensors),
    momenta: under("momenta", tensors),
    extra: under("extra", tensors),
    notes: JSON.parse(metadata.notes ?? "null"),
  };
}
