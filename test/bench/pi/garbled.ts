import {
  GateHash,
  type Kernels,
  labelsOfBits,
  labelWords,
  type ReluCircuit,
  randomDelta,
  randomSeed,
  randomVector,
  randomWords,
  subtract,
  unsliceBits,
} from "@reluctant/pi/units";

/** One chunk of garbled ReLUs on these values, with fresh shares and masks; its two halves may be run again and again. */
export async function garbledRelus(circuit: ReluCircuit, x: BigInt64Array, kernels: Kernels) {
  const units = x.length;
  const { ands, signBits } = circuit;
  const [client, mask, delta] = [randomVector(units), randomVector(units), randomDelta()];
  const zerosOf = (bits: number) => randomWords(labelWords * bits * units);
  const zeros = { clientShare: zerosOf(signBits), serverShare: zerosOf(signBits), mask: zerosOf(64) };
  const labels = {
    clientShare: labelsOfBits(zeros.clientShare, client, signBits, delta),
    serverShare: labelsOfBits(zeros.serverShare, subtract(x, client), signBits, delta),
    mask: labelsOfBits(zeros.mask, mask, 64, delta),
  };
  const name = { nonce: randomSeed(), layer: 0, chunk: 0 };
  const hash = () => new GateHash(name, { ands, units });
  const garbleWith = (given: typeof zeros) => kernels.garble({ circuit, zeros: given, delta, hash: hash(), units });
  const copy = () => structuredClone(zeros);
  const garbleOnce = () => garbleWith(zeros);
  const garbled = await garbleWith(copy());
  const evaluateOnce = () => kernels.evaluate({ circuit, labels, tables: garbled.tables, hash: hash(), units });
  const decode = (colors: Int32Array) =>
    unsliceBits(
      { words: colors.map((word, i) => word ^ (garbled.colors[i] as number)), stride: colors.length / 64 },
      units,
    );
  return { garble: garbleOnce, garbleWith, copy, evaluate: evaluateOnce, decode, mask };
}
