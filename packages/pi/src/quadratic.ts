import type { LinearWeights, PrivateNetwork, StepOf } from "./network.ts";
import { encode, fractionBits, type RingVector, weightBits } from "./ring.ts";

/** DELPHI's fit of ReLU, c₀, c₁ and c₂ of c₀ + c₁x + c₂x²: published, so that it is nobody's secret. */
export const publicCoefficients = [0.1992, 0.5002, 0.1997] as const;

/** Coefficients of so many channels in fixed point: c₁ of all, then c₂, and c₀ as a bias. */
export function coefficientWeights(
  channels: number,
  coefficientOf: (degree: 0 | 1 | 2, channel: number) => number,
): LinearWeights {
  const of = (degree: 0 | 1 | 2) => Array.from({ length: channels }, (_, channel) => coefficientOf(degree, channel));
  const filters = [...of(1), ...of(2)].map((coefficient) => Math.round(coefficient * 2 ** weightBits));
  if (!filters.every((weight) => Math.abs(weight) < 2 ** 31))
    throw new RangeError("a coefficient is too large, or no number");
  return { filters: Int32Array.from(filters), bias: encode(of(0), fractionBits + weightBits) };
}

/** The public coefficients as weights. */
export const publicWeights = ({ channels }: StepOf<"quadratic">): LinearWeights =>
  coefficientWeights(channels, (degree) => publicCoefficients[degree]);

/** A quadratic step's coefficients, whoever they are known to. */
export const quadraticWeights = ({ weights }: PrivateNetwork, step: StepOf<"quadratic">): LinearWeights =>
  weights.get(step.name) ?? publicWeights(step);

/** c₁x + c₂z of the step's units, with the fraction bits of both: linear in x and z, so on shares as in the clear. */
export function combine(
  { units, channels }: StepOf<"quadratic">,
  filters: Int32Array,
  { x, squares }: { x: RingVector; squares: RingVector },
): RingVector {
  const weights = BigInt64Array.from(filters, BigInt);
  const out = new BigInt64Array(units.length);
  for (let i = 0; i < out.length; i++) {
    const channel = (units[i] as number) % channels;
    const first = (weights[channel] as bigint) * (x[i] as bigint);
    out[i] = first + (weights[channels + channel] as bigint) * (squares[i] as bigint);
  }
  return out;
}

/** Adds each unit's c₀, in place. */
export function addConstant({ units, channels }: StepOf<"quadratic">, bias: RingVector, wide: RingVector): RingVector {
  for (let i = 0; i < wide.length; i++)
    wide[i] = (wide[i] as bigint) + (bias[(units[i] as number) % channels] as bigint);
  return wide;
}

/** a·b, element by element. */
export function multiply(a: RingVector, b: RingVector): RingVector {
  const out = new BigInt64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as bigint) * (b[i] as bigint);
  return out;
}
