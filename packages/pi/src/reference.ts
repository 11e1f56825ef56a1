import { averagePositions, reciprocalBits } from "./average-pool.ts";
import { gather, replaced } from "./chunks.ts";
import { addBias } from "./linear-layer.ts";
import type { LinearWeights, PrivateNetwork, Step } from "./network.ts";
import { addConstant, combine, multiply, quadraticWeights } from "./quadratic.ts";
import { add, fractionBits, type RingVector, shiftRight, weightBits } from "./ring.ts";
import { convolve } from "./wasm-convolution.ts";

/** A step's output, and what was truncated to it, if anything. */
interface Computed {
  output: RingVector;
  wide?: RingVector;
}

const truncated = (wide: RingVector, bits: number): Required<Computed> => ({ wide, output: shiftRight(wide, bits) });

/**
 * The network in the clear, in the arithmetic of the protocol: fixed point over Z_2^64 with truncation to the floor. Private
 * inference differs from it by one unit in the last place at each truncation and by nothing else. `watch` sees each step's
 * output, and what was truncated to it.
 */
export function inferInTheClear(
  network: PrivateNetwork,
  image: RingVector,
  watch: (step: Step, output: RingVector, wide?: RingVector) => void = () => undefined,
): RingVector {
  const { architecture, weights } = network;
  const values = new Map<string, RingVector>();
  const of = (name: string) => values.get(name) as RingVector;
  const run = (step: Step): Computed => {
    switch (step.op) {
      case "input":
        return { output: image };
      case "linear": {
        const { filters, bias } = weights.get(step.name) as LinearWeights;
        return truncated(addBias(convolve(step.shape, filters, of(step.from)), bias), weightBits);
      }
      case "add":
        return { output: add(of(step.from), of(step.with)) };
      case "average-pool":
        return truncated(averagePositions(step, of(step.from)), reciprocalBits);
      case "square": {
        const x = gather(of(step.from), step.units);
        return truncated(multiply(x, x), fractionBits);
      }
      case "quadratic": {
        const { filters, bias } = quadraticWeights(network, step);
        const given = { x: gather(of(step.from), step.units), squares: of(step.squares) };
        const { wide, output } = truncated(addConstant(step, bias, combine(step, filters, given)), weightBits);
        return { wide, output: replaced(of(step.from), step.units, output) };
      }
      case "relu":
        return { output: maskedRelu(of(step.from), step.kept) };
    }
  };
  for (const step of architecture.steps) {
    const { output, wide } = run(step);
    watch(step, output, wide);
    values.set(step.name, output);
  }
  return of(architecture.steps.at(-1)?.name ?? "");
}

/** max(0, x) at the units that keep their ReLU, x at the others. */
export function maskedRelu(x: RingVector, kept: Uint32Array): RingVector {
  const out = x.slice();
  for (const unit of kept) if ((out[unit] as bigint) < 0n) out[unit] = 0n;
  return out;
}
