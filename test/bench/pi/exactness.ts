import {
  add,
  boundedReluCircuit,
  chooseKernels,
  chunkUnits,
  fractionBits,
  fullReluCircuit,
  type ReluCircuit,
  randomVector,
  reconstruct,
  ringBits,
  shiftRight,
  subtract,
  truncateClientShare,
  truncateServerShare,
} from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
import type { Case } from "./case.ts";
import { garbledRelus } from "./garbled.ts";

const values = 1_000_000;

/** Values uniform over all that the circuit is exact for. */
async function wrongRelus(circuit: ReluCircuit): Promise<Figure> {
  const kernels = chooseKernels();
  let wrong = 0;
  for (let done = 0; done < values; done += chunkUnits) {
    const x = shiftRight(randomVector(chunkUnits), ringBits - circuit.signBits);
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

/** Values below 2^36: what calibration lets reach a truncation for sure. */
function wrongTruncations(): Figure {
  const x = shiftRight(randomVector(values), 28);
  const client = randomVector(values);
  const out = reconstruct({
    client: truncateClientShare(client, fractionBits),
    server: truncateServerShare(subtract(x, client), fractionBits),
  });
  const exact = shiftRight(x, fractionBits);
  const wrong = out.filter((value, i) => value !== exact[i] && value !== (exact[i] as bigint) + 1n).length;
  return { case: "truncations of a million off by more than a unit", value: wrong, unit: "values", atMost: 0 };
}

export const exactness: Case[] = [
  {
    name: "exactness",
    quick: false,
    run: async () => [wrongTruncations(), await wrongRelus(boundedReluCircuit), await wrongRelus(fullReluCircuit)],
  },
];
