import type { PrivateNetwork, Step } from "./network.ts";
import { inferInTheClear } from "./reference.ts";
import type { RingVector } from "./ring.ts";

/** How much larger than in calibration a value may get before a bound fails. */
const headroom = 16n;

/** The circuit of 135 ANDs is exact below it in magnitude. */
const boundOfShortCircuit = 2n ** 36n;

/** A truncation of a value below it fails with a chance below 2^-24. */
const boundOfTruncation = 2n ** 40n;

/** Thrown where a network's values come too near to the bounds of its arithmetic. */
export class OutOfBoundsError extends Error {
  override name = "OutOfBoundsError";
}

/**
 * Runs images in the clear and gives each ReLU layer the circuit that it can have: 37 bits of sign where 16 times the
 * largest magnitude that enters it is below 2^36, else all 64. Throws where 16 times a value that is to be truncated would reach
 * 2^40, beyond which that fails too often. The choice depends on the server's data and the weights, and becomes public with the architecture.
 */
export function calibrate(network: PrivateNetwork, images: readonly RingVector[]): PrivateNetwork {
  const largest = new Map<string, bigint>();
  const largestWide = new Map<string, bigint>();
  const watch = ({ name }: Step, output: RingVector, wide?: RingVector) => {
    largest.set(name, magnitudeOf(output, largest.get(name) ?? 0n));
    if (wide) largestWide.set(name, magnitudeOf(wide, largestWide.get(name) ?? 0n));
  };
  for (const image of images) inferInTheClear(network, image, watch);
  for (const [name, magnitude] of largestWide) {
    if (magnitude * headroom < boundOfTruncation) continue;
    throw new OutOfBoundsError(
      `"${name}" reaches ${magnitude} in fixed point: with a headroom of ${headroom} it must stay below 2^40`,
    );
  }
  const fits = (name: string) => (largest.get(name) as bigint) * headroom < boundOfShortCircuit;
  const steps = network.architecture.steps.map((step) =>
    step.op === "relu" && images.length > 0
      ? { ...step, signBits: fits(step.from) ? (37 as const) : (64 as const) }
      : step,
  );
  return { ...network, architecture: { ...network.architecture, steps } };
}

const magnitudeOf = (values: RingVector, least: bigint): bigint =>
  values.reduce((most, value) => {
    const magnitude = value < 0n ? -value : value;
    return magnitude > most ? magnitude : most;
  }, least);
