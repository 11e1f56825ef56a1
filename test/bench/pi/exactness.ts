import {
  add,
  boundedReluCircuit,
  chooseKernels,
  chunkUnits,
  fractionBits,
  fullReluCircuit,
  type ReluCircuit,
  randomVector,
  reciprocalBits,
  reconstruct,
  reluBy,
  reluEnds,
  ringBits,
  shiftRight,
  subtract,
  truncateClientShare,
  truncateServerShare,
  weightBits,
} from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
import type { Case } from "./case.ts";
import { garbledRelus } from "./garbled.ts";

const values = 1_000_000;

/** Where signs, carries and representations change, of what has so many bits. */
function edges(bits: number): bigint[] {
  const found = new Set<bigint>([0n]);
  for (let power = 0n; power < BigInt(bits); power++)
    for (const near of [-1n, 0n, 1n]) for (const sign of [-1n, 1n]) found.add(sign * (1n << power) + near);
  return [...found].filter((value) => BigInt.asIntN(bits, value) === value);
}

/** Values uniform over all of so many bits, the edges before them. */
function valuesOf(bits: number, length: number): BigInt64Array {
  const x = shiftRight(randomVector(length), ringBits - bits);
  x.set(edges(bits).slice(0, length));
  return x;
}

/** Values of all that the circuit is exact for. */
async function wrongRelus(circuit: ReluCircuit): Promise<Figure> {
  const kernels = chooseKernels();
  let wrong = 0;
  for (let done = 0; done < values; done += chunkUnits) {
    const x = valuesOf(circuit.signBits, chunkUnits);
    const chunk = await garbledRelus(circuit, x, kernels);
    const due = add(
      x.map((value) => (value > 0n ? value : 0n)),
      chunk.mask,
    );
    chunk.decode(await chunk.evaluate()).forEach((value, i) => {
      if (value !== due[i]) wrong++;
    });
  }
  return {
    case: `wrong of a million ReLUs, ${circuit.ands} ANDs, ${kernels.level}`,
    value: wrong,
    unit: "units",
    atMost: 0,
  };
}

/** The same by GMW on bit triples, in layers of 50,000. */
async function wrongByGmw(signBits: 64 | 37): Promise<Figure> {
  const ends = await reluEnds("gmw");
  const units = 50_000;
  const kept = Uint32Array.from({ length: units }, (_, unit) => unit);
  let wrong = 0;
  for (let layer = 0; layer * units < values; layer++) {
    const x = valuesOf(signBits, units);
    const out = await reluBy(ends, x, { kept, signBits, layer });
    wrong += out.filter((value, i) => value !== ((x[i] as bigint) > 0n ? x[i] : 0n)).length;
  }
  await ends.close();
  return { case: `wrong of a million GMW ReLUs, ${signBits} bits`, value: wrong, unit: "units", atMost: 0 };
}

/** Values below 2^36, for which calibration's bound leaves no doubt; by so many bits, as squares, products with weights and pools are. */
function wrongTruncations(bits: number): Figure {
  const x = valuesOf(37, values);
  const client = randomVector(values);
  const out = reconstruct({
    client: truncateClientShare(client, bits),
    server: truncateServerShare(subtract(x, client), bits),
  });
  const exact = shiftRight(x, bits);
  const wrong = out.filter((value, i) => value !== exact[i] && value !== (exact[i] as bigint) + 1n).length;
  return {
    case: `truncations by ${bits} bits of a million off by more than a unit`,
    value: wrong,
    unit: "values",
    atMost: 0,
  };
}

export const exactness: Case[] = [
  {
    name: "exactness",
    quick: false,
    run: async () => [
      ...[fractionBits, weightBits, reciprocalBits].map(wrongTruncations),
      await wrongRelus(boundedReluCircuit),
      await wrongRelus(fullReluCircuit),
      await wrongByGmw(37),
      await wrongByGmw(64),
    ],
  },
];
