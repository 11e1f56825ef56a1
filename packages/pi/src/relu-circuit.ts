import { type Circuit, CircuitBuilder } from "./circuit.ts";

/** Bits of a ring element. */
export const ringBits = 64;

/** `clientShare` and `mask` are the client's, `serverShare` the server's. */
export type ReluInput = "clientShare" | "serverShare" | "mask";

export interface ReluCircuit extends Circuit<ReluInput> {
  /** The low bits of each share that it reads; it is exact while −2^(signBits−1) ≤ x < 2^(signBits−1). */
  signBits: number;
}

/**
 * ReLU over additive shares: add shares → sign → mux → fresh mask, out = max(0, x) + mask mod 2^64 with x = clientShare +
 * serverShare. The low k bits of the shares give x mod 2^k, whose top bit is x's sign while x fits in k bits. Sum and mux
 * take k − 1 ANDs each; the mask's sum takes 63, since its carry runs through all bits.
 */
function compile(signBits: number): ReluCircuit {
  const build = new CircuitBuilder<ReluInput>();
  const clientShare = build.input("clientShare", signBits);
  const serverShare = build.input("serverShare", signBits);
  const mask = build.input("mask", ringBits);
  const x = sum(build, clientShare, serverShare);
  const positive = build.not(x.pop() as number);
  const kept = x.map((bit) => build.and(bit, positive));
  return { ...build.build(sum(build, mask, kept)), signBits };
}

/** a + b mod 2^n, n the bits of a; b may have fewer and is then not negative. n − 1 ANDs: the last carry is not needed. */
function sum(build: CircuitBuilder<ReluInput>, a: readonly number[], b: readonly number[]): number[] {
  let carry = 0; // the constant 0
  return a.map((bit, i) => {
    const other = b[i] ?? 0;
    const bitOfSum = [other, carry].filter((wire) => wire !== 0).reduce((total, wire) => build.xor(total, wire), bit);
    if (i < a.length - 1) carry = build.majority(bit, other, carry);
    return bitOfSum;
  });
}

/** 189 ANDs: exact for every x. */
export const fullReluCircuit: ReluCircuit = compile(ringBits);

/** 135 ANDs: exact for −2^36 ≤ x < 2^36, which calibration must have checked for the layer. */
export const boundedReluCircuit: ReluCircuit = compile(37);

/** The circuit that reads so many bits of the shares. */
export const circuitOf = (signBits: 64 | 37): ReluCircuit =>
  signBits === ringBits ? fullReluCircuit : boundedReluCircuit;
