import { createHash } from "node:crypto";
import type { ConvolutionShape } from "./convolution.ts";
import type { RingVector } from "./ring.ts";

/**
 * What both parties know of a network, in the order in which it is computed: the architecture, which units keep their ReLU,
 * and the bound under which a layer's ReLUs are garbled. `size` counts a step's output.
 */
export type Step = { name: string; size: number } & (
  | { op: "input" }
  /** A convolution or dense layer, truncated to `fractionBits` behind it. */
  | { op: "linear"; from: string; shape: ConvolutionShape }
  | {
      op: "relu";
      from: string;
      /** The units that keep their ReLU, ascending; the others are the identity and cost nothing. */
      kept: Uint32Array;
      /** Bits of the shares that the circuit reads: see `ReluCircuit`. */
      signBits: 64 | 37;
    }
  | { op: "add"; from: string; with: string }
  | { op: "average-pool"; from: string; positions: number; channels: number }
);
export type StepOf<Op extends Step["op"]> = Extract<Step, { op: Op }>;

/** The public part of a network. The last step's output is the logits. */
export interface Architecture {
  name: string;
  steps: readonly Step[];
}

/** A linear layer's secret part. */
export interface LinearWeights {
  /** Fixed point with `fractionBits`: [out, height, width, in]. */
  filters: Int32Array;
  /** Fixed point with twice `fractionBits`, one a channel of the output. */
  bias: RingVector;
}

/** A network as the server has it. */
export interface PrivateNetwork {
  architecture: Architecture;
  /** By the names of the linear steps. */
  weights: ReadonlyMap<string, LinearWeights>;
}

/** Bytes of a digest. */
export const digestBytes = 32;

/** What client and server compare before they start: SHA-256 of the architecture. */
export function digestOf({ name, steps }: Architecture): Uint8Array {
  const hash = createHash("sha256").update(name);
  for (const step of steps) {
    const kept = step.op === "relu" ? step.kept : new Uint32Array();
    hash.update(JSON.stringify({ ...step, kept: kept.length })).update(kept);
  }
  return hash.digest();
}

export const stepsOf = <Op extends Step["op"]>({ steps }: Architecture, op: Op): StepOf<Op>[] =>
  steps.filter((step): step is StepOf<Op> => step.op === op);

/** ReLUs of an inference. */
export const keptReluCount = (architecture: Architecture): number =>
  stepsOf(architecture, "relu").reduce((total, { kept }) => total + kept.length, 0);
