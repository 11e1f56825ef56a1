import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { andsByRound, carryOf, xorOf } from "./carry-tree.ts";
import { UsedTwiceError } from "./ledger.ts";
import { randomVector, randomWords } from "./random.ts";
import { type RingVector, shiftRight } from "./ring.ts";
import { reluBy, reluEnds } from "./test-relus.ts";

let ends: Awaited<ReturnType<typeof reluEnds>>;
beforeAll(async () => {
  ends = await reluEnds("gmw");
});
afterAll(() => ends.close());

let layers = 0;
/** The output of another layer of the one inference. */
const relu = (x: RingVector, of: { kept: Uint32Array; signBits: 64 | 37 }) =>
  reluBy(ends, x, { ...of, layer: ++layers });

const all = (units: number) => Uint32Array.from({ length: units }, (_, unit) => unit);
const positive = (x: RingVector) => x.map((value) => (value > 0n ? value : 0n));
const equal = (a: RingVector, b: RingVector) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
const edges = [0n, 1n, -1n, 4096n, -4096n, 2n ** 35n, 2n ** 36n - 1n, -(2n ** 36n)];
const ringEdges = [...edges, 2n ** 36n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)];

describe("a carry by a tree", () => {
  it.each([1, 2, 3, 5, 36, 63])("of %i bits is the sum's, in rounds by their logarithm", async (bits) => {
    const [x, y] = [randomWords(bits), randomWords(bits)];
    let rounds = 0;
    const and = async (a: Int32Array, b: Int32Array) => {
      expect(a.length).toBe(andsByRound(bits)[rounds++]);
      return a.map((word, i) => word & (b[i] as number));
    };
    const generate = x.map((word, i) => word & (y[i] as number));
    const [carries] = await carryOf({ generate, propagate: xorOf(x, y), count: bits }, 1, and);
    expect(rounds).toBe(Math.ceil(Math.log2(bits)));
    const numberOf = (slices: Int32Array, unit: number) =>
      slices.reduce((value, word, bit) => value + (BigInt((word >>> unit) & 1) << BigInt(bit)), 0n);
    for (let unit = 0; unit < 32; unit++) {
      const carry = Number((numberOf(x, unit) + numberOf(y, unit)) >> BigInt(bits));
      expect(((carries as number) >>> unit) & 1).toBe(carry);
    }
  });
});

describe("a GMW ReLU", () => {
  it.each([
    ["the whole ring", 64, ringEdges],
    ["values of 37 bits", 37, edges],
  ] as const)(
    "is exact at every edge of %s, each with shares of many kinds, and on random values",
    async (_, signBits, values) => {
      const atEdges = values.flatMap((value) => Array<bigint>(100).fill(value));
      const x = BigInt64Array.from([...atEdges, ...shiftRight(randomVector(2_000), 64 - signBits)]);
      expect(equal(await relu(x, { kept: all(x.length), signBits }), positive(x))).toBe(true);
    },
  );

  it("leaves units alone that keep none, and needs nothing where none does", async () => {
    const x = randomVector(100);
    const kept = Uint32Array.from([3, 50, 99]);
    const due = x.map((value, unit) => (kept.includes(unit) && value < 0n ? 0n : value));
    expect(await relu(x, { kept, signBits: 64 })).toEqual(due);
    const before = ends.near.transcript.total;
    expect(await relu(x, { kept: new Uint32Array(), signBits: 64 })).toEqual(x);
    expect(ends.near.transcript.total).toEqual(before);
  });

  it("takes the bytes and rounds that the formula says", async () => {
    const units = 3_200;
    for (const [signBits, ands] of [
      [64, 118],
      [37, 64],
    ] as const) {
      const before = ends.near.transcript.total;
      await relu(shiftRight(randomVector(units), 64 - signBits), { kept: all(units), signBits });
      const { bytesSent, bytesReceived, rounds } = ends.near.transcript.since(before);
      const offline = { sent: 16 * (ands + signBits), received: 16 * (ands + 1) };
      const online = { sent: (2 * ands + 1 + 128) / 8, received: (signBits - 1 + 2 * ands + 1 + 64) / 8 };
      const headers = 9 * 20;
      expect(bytesSent - units * (offline.sent + online.sent)).toBeLessThan(headers);
      expect(bytesReceived - units * (offline.received + online.received)).toBeLessThan(headers);
      expect(bytesSent).toBeGreaterThanOrEqual(units * (offline.sent + online.sent));
      expect(rounds).toBeLessThanOrEqual(2 + 6 + 2); // offline by chunk; six of the tree, flips, products
    }
  });

  it("serves one image for each preparation", async () => {
    const share = randomVector(40);
    const step = { op: "relu", name: "relu", from: "x", size: 40, kept: all(40), signBits: 64 } as const;
    const [ofClient, ofServer] = await Promise.all([
      ends.client.prepare({ step, layer: 100, chosen: share, mask: randomVector(40) }),
      ends.server.prepare({ step, layer: 100 }),
    ]);
    await Promise.all([ofServer(randomVector(40)), ofClient(share)]);
    await expect(ofClient(share)).rejects.toThrow(UsedTwiceError);
    await expect(ofServer(randomVector(40))).rejects.toThrow("triples was about to be used a second time");
  });
});
