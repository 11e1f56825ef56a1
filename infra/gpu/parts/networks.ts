/** Engines, networks and batches for the parts. */
import { createEngine } from "@reluctant/engine";
import { models } from "@reluctant/relu";
import { type Engine, initialWeights, type Network, type TrainingBatch } from "@reluctant/stages";
import { setTF32, torchInfo } from "@reluctant/tfjs-backend-torch";

export const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
export const rates = { momentum: 0.9, weightDecay: 5e-4 };
export const classes = 10;

export const onCuda = (): boolean => torchInfo().device === "cuda";

export async function openEngine(
  options: { precision?: "fp32" | "bf16"; deterministic?: boolean } = {},
): Promise<Engine> {
  return createEngine({ backend: "torch", threads: 1, precision: "fp32", ...options });
}

/** Float32 as IEEE has it: an engine on CUDA multiplies in TF32. */
export async function openExactEngine(options: { deterministic?: boolean } = {}): Promise<Engine> {
  const engine = await openEngine(options);
  if (onCuda()) setTF32(false);
  return engine;
}

export function networkOf(engine: Engine, name: string, side: number, seed = 1): Network {
  const model = (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], classes);
  return engine.network({ model, weights: initialWeights(model, seed), normalization });
}

export function batchOf(size: number, side: number): TrainingBatch {
  return {
    images: Uint8Array.from({ length: size * side * side * 3 }, (_, i) => (i * 7919) % 256),
    labels: Int32Array.from({ length: size }, (_, i) => i % classes),
    offsets: new Int32Array(3 * size),
  };
}
