import { sliceBits, sliceStride } from "./bits.ts";
import type { Channel } from "./channel.ts";
import { chunkUnits } from "./chunks.ts";
import { transferBytes } from "./correlated-ot.ts";
import { masked, masksOf } from "./gmw-mux.ts";
import { multiply } from "./quadratic.ts";
import { randomVector } from "./random.ts";
import type { RandomReceiver, RandomSender } from "./random-transfers.ts";
import { ringBits } from "./relu-circuit.ts";
import { add, bytesOf, type RingVector, subtract, vectorOf } from "./ring.ts";
import { doubled, type SquareAt, type SquarePairs } from "./square.ts";
import { elementsOf, transferKeys } from "./transfer-hash.ts";

/*
 * Square pairs without a dealer: (a + b)² = a² + 2ab + b², a the client's and b the server's, so they need shares of ab. Those
 * come from a random transfer for each bit of a (Gilboa, "Two Party RSA Key Generation", CRYPTO 1999): of bit i the server has two
 * pads p and q and sends p + q + 2^i·b; the client, who has one of them by its bit, finds p or p + 2^i·b. The sum over the bits
 * is ab and the pads p, which the server takes off. Twice the top bit is 0, so that 63 are transferred: 24 bytes each.
 */

const transferredBits = ringBits - 1;

/** The other end of the transfers, and where in the network it is. */
interface Ends extends SquareAt {
  peer: Channel;
}

/** The client's end. */
export async function pairsByTransfersAtClient(ends: Ends, receiver: RandomReceiver): Promise<SquarePairs> {
  const { peer: server, step } = ends;
  const root = randomVector(step.units.length);
  const products = new BigInt64Array(root.length);
  for (const { first, units, keys } of partsOf(ends)) {
    const { words: choices, stride } = sliceBits(root.subarray(first, first + units), transferredBits);
    const { corrections, strings: pads } = await receiver.extend(choices, keys);
    await server.send("corrections", corrections);
    const offered = vectorOf(await server.receive("products", 8 * units * transferredBits));
    let sum: RingVector = new BigInt64Array(units);
    for (let bit = 0; bit < transferredBits; bit++) {
      const pad = elementsOf(pads, { group: bit, stride, count: units });
      const other = subtract(offered.subarray(bit * units, (bit + 1) * units), doubled(pad));
      sum = add(sum, add(pad, masked(other, masksOf(choices.subarray(bit * stride, (bit + 1) * stride), units))));
    }
    products.set(sum, first);
  }
  return { root, square: add(multiply(root, root), doubled(products)) };
}

/** The server's end. */
export async function pairsByTransfersAtServer(ends: Ends, sender: RandomSender): Promise<SquarePairs> {
  const { peer: client, step } = ends;
  const root = randomVector(step.units.length);
  const pads = new BigInt64Array(root.length);
  for (const { first, units, keys } of partsOf(ends)) {
    const stride = sliceStride(units);
    const count = 32 * stride * transferredBits;
    const corrections = await client.receive("corrections", transferBytes * count);
    const { zeros, ones } = await sender.extend(new Int32Array(corrections.buffer), keys);
    const offered = new BigInt64Array(units * transferredBits);
    let shifted: RingVector = root.subarray(first, first + units);
    let sum: RingVector = new BigInt64Array(units);
    for (let bit = 0; bit < transferredBits; bit++) {
      const pad = elementsOf(zeros, { group: bit, stride, count: units });
      const other = elementsOf(ones, { group: bit, stride, count: units });
      offered.set(add(add(pad, other), shifted), bit * units);
      sum = add(sum, pad);
      shifted = doubled(shifted);
    }
    await client.send("products", bytesOf(offered));
    pads.set(sum, first);
  }
  return { root, square: subtract(multiply(root, root), doubled(pads)) };
}

/** Units that are transferred together, each with the keys of its hash: one a bit. */
function* partsOf({ step, layer, inference }: SquareAt): Generator<{ first: number; units: number; keys: Uint8Array }> {
  const count = step.units.length;
  for (let first = 0, chunk = 0; first < count; first += chunkUnits, chunk++) {
    inference.use("rows", layer, chunk);
    const name = { ...inference.chunkName(layer, chunk), sender: "server" } as const;
    yield { first, units: Math.min(chunkUnits, count - first), keys: transferKeys(name, transferredBits) };
  }
}
