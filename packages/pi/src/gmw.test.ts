import { afterEach, describe, expect, it } from "vitest";
import { andsByRound, carryOf, xorOf } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import { chooseKernels } from "./choose-kernels.ts";
import { Inference } from "./inference.ts";
import { Ledger, UsedTwiceError } from "./ledger.ts";
import { randomSeed, randomVector, randomWords } from "./random.ts";
import { reluProtocols } from "./relu-protocols.ts";
import { add, type RingVector, shiftRight, subtract } from "./ring.ts";
import { channelPair } from "./test-channels.ts";

const open: Channel[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((channel) => channel.close()));
});

/** Both parties' ends of GMW ReLUs, in one process over a socket. */
async function setup() {
  const [near, far] = await channelPair();
  open.push(near, far);
  const halves = { client: randomSeed(), server: randomSeed() };
  const kernels = chooseKernels();
  const context = (peer: Channel) => {
    const ledger = new Ledger();
    return { peer, inference: new Inference(ledger, halves), kernels, ledger };
  };
  const [client, server] = await Promise.all([
    reluProtocols.gmw.client(context(near)),
    reluProtocols.gmw.server(context(far)),
  ]);
  return { near, client, server };
}
type Ends = Awaited<ReturnType<typeof setup>>;

/** The layer's output by the protocol, on these values with fresh shares. */
async function relu(
  { client, server }: Ends,
  x: RingVector,
  { kept, signBits, layer = 1 }: Layer,
): Promise<RingVector> {
  const share = randomVector(x.length);
  const step = { op: "relu", name: "relu", from: "x", size: x.length, kept, signBits } as const;
  const [ofClient, ofServer] = await Promise.all([
    client.prepare({ step, layer, share }),
    server.prepare({ step, layer }),
  ]);
  const [out] = await Promise.all([ofServer(subtract(x, share)), ofClient.online()]);
  return add(out, ofClient.share);
}
interface Layer {
  kept: Uint32Array;
  signBits: 64 | 37;
  layer?: number;
}

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
    "is exact at every edge of %s, and on 100,000 values",
    async (_, signBits, values) => {
      const ends = await setup();
      const drawn = shiftRight(randomVector(50_000), 64 - signBits);
      const x = BigInt64Array.from([...values, ...drawn]);
      expect(equal(await relu(ends, x, { kept: all(x.length), signBits }), positive(x))).toBe(true);
      for (const edge of values) x.fill(edge, 0, 500);
      expect(equal(await relu(ends, x, { kept: all(x.length), signBits, layer: 2 }), positive(x))).toBe(true);
    },
    60_000,
  );

  it("leaves units alone that keep none, and needs nothing where none does", async () => {
    const ends = await setup();
    const x = randomVector(100);
    const kept = Uint32Array.from([3, 50, 99]);
    const due = x.map((value, unit) => (kept.includes(unit) && value < 0n ? 0n : value));
    expect(await relu(ends, x, { kept, signBits: 64 })).toEqual(due);
    const before = ends.near.transcript.total;
    expect(await relu(ends, x, { kept: new Uint32Array(), signBits: 64, layer: 2 })).toEqual(x);
    expect(ends.near.transcript.total).toEqual(before);
  });

  it("takes the bytes and rounds that the formula says", async () => {
    const ends = await setup();
    const units = 3_200;
    for (const [signBits, ands, layer] of [
      [64, 118, 1],
      [37, 64, 2],
    ] as const) {
      const before = ends.near.transcript.total;
      await relu(ends, shiftRight(randomVector(units), 64 - signBits), { kept: all(units), signBits, layer });
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
    const { client, server } = await setup();
    const share = randomVector(40);
    const step = { op: "relu", name: "relu", from: "x", size: 40, kept: all(40), signBits: 64 } as const;
    const [ofClient, ofServer] = await Promise.all([
      client.prepare({ step, layer: 1, share }),
      server.prepare({ step, layer: 1 }),
    ]);
    await Promise.all([ofServer(randomVector(40)), ofClient.online()]);
    await expect(ofClient.online()).rejects.toThrow(UsedTwiceError);
    await expect(ofServer(randomVector(40))).rejects.toThrow("triples was about to be used a second time");
  });
});
