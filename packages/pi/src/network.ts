import { createHash } from "node:crypto";
import type { ConvolutionShape } from "./convolution.ts";
import type { RingVector } from "./ring.ts";

/**
 * What both parties know of a network, in the order in which it is computed: the architecture, which units keep their ReLU,
 * and the bound under which a layer's ReLUs are garbled. `size` counts a step's output.
 */
export type Step = { name: string; size: number } & (
  | { op: "input" }
  /** A convolution or dense layer, truncated by `weightBits` behind it; of so many images at once, of one unless it says. */
  | { op: "linear"; from: string; shape: ConvolutionShape; images?: number }
  | {
      op: "relu";
      from: string;
      /** The units that keep their ReLU, ascending; the others are the identity and cost nothing. */
      kept: Uint32Array;
      /** Bits of the shares that the circuit reads: see `ReluCircuit`. */
      signBits: 64 | 37;
    }
  /** x², truncated, of some units of a layer: see `square.ts`. */
  | { op: "square"; from: string; units: Uint32Array }
  /** c₀ + c₁x + c₂x² at the units whose squares those are, the identity at others. Coefficients are a channel's. */
  | {
      op: "quadratic";
      from: string;
      squares: string;
      units: Uint32Array;
      channels: number;
      /** Known to both, or the server's secret. */
      coefficients: "public" | "secret";
    }
  | { op: "add"; from: string; with: string }
  | { op: "average-pool"; from: string; positions: number; channels: number; images?: number }
);
export type StepOf<Op extends Step["op"]> = Extract<Step, { op: Op }>;

/** The public part of a network. The last step's output is the logits. */
export interface Architecture {
  name: string;
  steps: readonly Step[];
}

/** A linear layer's secret part. */
export interface LinearWeights {
  /** Fixed point with `weightBits`: [out, height, width, in]. */
  filters: Int32Array;
  /** Fixed point with the fraction bits of a product, `weightBits + fractionBits`; one a channel of the output. */
  bias: RingVector;
}

/** A network as the server has it. */
export interface PrivateNetwork {
  architecture: Architecture;
  /** By the names of the linear steps, and of quadratic ones whose coefficients are secret: c₁ and c₂ in turn, and c₀. */
  weights: ReadonlyMap<string, LinearWeights>;
}

/** Bytes of a digest. */
export const digestBytes = 32;

/** What client and server compare before they start: SHA-256 of the architecture. */
export function digestOf({ name, steps }: Architecture): Uint8Array {
  const hash = createHash("sha256").update(name);
  for (const step of steps) {
    const units = unitsOf(step);
    hash.update(JSON.stringify({ ...step, kept: units.length, units: units.length })).update(units);
  }
  return hash.digest();
}

/** The units of a layer that a step names. */
function unitsOf(step: Step): Uint32Array {
  if (step.op === "relu") return step.kept;
  return "units" in step ? step.units : new Uint32Array();
}

export const stepsOf = <Op extends Step["op"]>({ steps }: Architecture, op: Op): StepOf<Op>[] =>
  steps.filter((step): step is StepOf<Op> => step.op === op);

/** ReLUs of an inference. */
export const keptReluCount = (architecture: Architecture): number =>
  stepsOf(architecture, "relu").reduce((total, { kept }) => total + kept.length, 0);
