import { describe, expect, it } from "vitest";
import { unsliceBits } from "./bits.ts";
import { evaluateInTheClear } from "./circuit.ts";
import { tableBytes } from "./garbling.ts";
import { GateHash } from "./gate-hash.ts";
import { labelsOfBits, labelWords, randomDelta } from "./labels.ts";
import { randomSeed, randomVector, randomWords } from "./random.ts";
import { boundedReluCircuit, fullReluCircuit, type ReluCircuit } from "./relu-circuit.ts";
import { add, shiftRight, subtract } from "./ring.ts";
import { kernelsHere } from "./test-levels.ts";

const all = await kernelsHere();
const [oracle] = all;

/** Garbles and evaluates units with these values, at all levels alike; returns what the circuit gave. */
async function run(
  circuit: ReluCircuit,
  inputs: { client: BigInt64Array; server: BigInt64Array; mask: BigInt64Array },
) {
  const units = inputs.mask.length;
  const delta = randomDelta();
  const zerosOf = (bits: number) => randomWords(labelWords * bits * units);
  const { signBits, ands } = circuit;
  const zeros = { clientShare: zerosOf(signBits), serverShare: zerosOf(signBits), mask: zerosOf(64) };
  const name = { nonce: randomSeed(), layer: 3, chunk: 1 };
  const hash = new GateHash(name, { ands, units });
  const byLevel = await Promise.all(all.map((kernels) => kernels.garble({ circuit, zeros, delta, hash, units })));
  const garbled = {
    tables: sameOf(byLevel.map(({ tables }) => tables)),
    colors: sameOf(byLevel.map(({ colors }) => colors)),
  };
  const labels = {
    clientShare: labelsOfBits(zeros.clientShare, inputs.client, signBits, delta),
    serverShare: labelsOfBits(zeros.serverShare, inputs.server, signBits, delta),
    mask: labelsOfBits(zeros.mask, inputs.mask, 64, delta),
  };
  const { tables } = garbled;
  const found = await Promise.all(all.map((kernels) => kernels.evaluate({ circuit, labels, tables, hash, units })));
  const colors = sameOf(found);
  const words = colors.map((word, i) => word ^ (garbled.colors[i] as number));
  return { out: unsliceBits({ words, stride: words.length / 64 }, units), garbled, labels };
}

/** The one result of all levels. Bytes are compared as buffers: `toEqual` takes seconds a megabyte. */
function sameOf<T extends Uint8Array | Int32Array>(results: readonly T[]): T {
  const [first, ...others] = results.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  expect(others.map((other) => first?.equals(other))).toEqual(others.map(() => true));
  return results[0] as T;
}

const withShares = (x: BigInt64Array, client: BigInt64Array, mask: BigInt64Array) => ({
  client,
  server: subtract(x, client),
  mask,
});
const relu = (x: BigInt64Array) => x.map((value) => (value > 0n ? value : 0n));
const edges = [0n, 1n, -1n, 4096n, -4096n, 2n ** 35n, 2n ** 36n - 1n, -(2n ** 36n)];
const ringEdges = [...edges, 2n ** 36n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)];

describe("a garbled ReLU", () => {
  it("has 189 ANDs over the whole ring and 135 below 2^36: 6,048 and 4,320 bytes a unit", () => {
    expect([fullReluCircuit.ands, boundedReluCircuit.ands]).toEqual([189, 135]);
    expect([tableBytes(fullReluCircuit, 1), tableBytes(boundedReluCircuit, 1)]).toEqual([6_048, 4_320]);
  });

  it.each([
    ["the whole ring", fullReluCircuit, ringEdges],
    ["values of 37 bits", boundedReluCircuit, edges],
  ] as const)("is max(0, x) + mask at every edge of %s, shares and masks of every kind", async (_, circuit, values) => {
    const shares = [0n, 1n, -1n, 2n ** 36n, 2n ** 37n - 1n, -(2n ** 63n), 2n ** 63n - 1n];
    const masks = [0n, -1n, 2n ** 63n - 1n, 81985529216486895n];
    const cases = values.flatMap((x) => shares.flatMap((client) => masks.map((mask) => ({ x, client, mask }))));
    const vector = (key: "x" | "client" | "mask") => BigInt64Array.from(cases.map((case_) => case_[key]));
    const x = vector("x");
    const mask = vector("mask");
    expect((await run(circuit, withShares(x, vector("client"), mask))).out).toEqual(add(relu(x), mask));
  });

  it.each([
    ["189", fullReluCircuit, 0],
    ["135", boundedReluCircuit, 27],
  ] as const)("of %s ANDs is exact on random values", async (_, circuit, shift) => {
    const x = shiftRight(randomVector(1_000), shift);
    const [client, mask] = [randomVector(x.length), randomVector(x.length)];
    expect((await run(circuit, withShares(x, client, mask))).out).toEqual(add(relu(x), mask));
  });

  it("computes what the circuit does in the clear", async () => {
    const [client, server, mask] = [randomVector(1), randomVector(1), randomVector(1)];
    const bitsOf = ([value]: BigInt64Array, bits: number) =>
      Array.from({ length: bits }, (_, i) => (((value as bigint) >> BigInt(i)) & 1n) === 1n);
    for (const circuit of [fullReluCircuit, boundedReluCircuit]) {
      const { signBits } = circuit;
      const clear = evaluateInTheClear(circuit, {
        clientShare: bitsOf(client, signBits),
        serverShare: bitsOf(server, signBits),
        mask: bitsOf(mask, 64),
      });
      expect(bitsOf((await run(circuit, { client, server, mask })).out, 64)).toEqual(clear);
    }
  });

  it("gives nonsense on a label that no wire has", async () => {
    const units = 64;
    const x = new BigInt64Array(units).fill(5n);
    const inputs = withShares(x, randomVector(units), randomVector(units));
    const { garbled, labels } = await run(boundedReluCircuit, inputs);
    labels.clientShare = randomWords(labels.clientShare.length);
    const hash = new GateHash({ nonce: randomSeed(), layer: 0, chunk: 0 }, { ands: 135, units });
    const colors = await oracle.evaluate({
      circuit: boundedReluCircuit,
      labels,
      tables: garbled.tables,
      hash,
      units,
    });
    const words = colors.map((word, i) => word ^ (garbled.colors[i] as number));
    expect(unsliceBits({ words, stride: 2 }, units)).not.toEqual(add(x, inputs.mask));
  });
});
