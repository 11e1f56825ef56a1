import { sliceStride } from "./bits.ts";
import { andsByRound, xorOf } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import { transferBytes } from "./correlated-ot.ts";
import type { Inference } from "./inference.ts";
import { type Labels, labelWords } from "./labels.ts";
import type { StepOf } from "./network.ts";
import { Pipeline } from "./pipeline.ts";
import { randomWords } from "./random.ts";
import type { RandomReceiver, RandomSender, SentStrings } from "./random-transfers.ts";
import type { RingVector } from "./ring.ts";
import { elementsOf, transferKeys } from "./transfer-hash.ts";

/*
 * What a layer of GMW ReLUs takes before there is an image, by random transfers. Both parties send and receive, each under a Δ of
 * its own, which has made no label.
 */

/** One party's ends of the transfers in both directions. */
export interface Transfers {
  peer: Channel;
  role: "client" | "server";
  sender: RandomSender;
  receiver: RandomReceiver;
  /** Chunks whose strings are made at once. */
  threads: number;
}

/** One party's share of a, b and a ∧ b, slices of bits: one an AND (Beaver, CRYPTO 1991). */
export interface BitTriples {
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
}

/** One party's part of what a layer takes; slices have the layer's stride, elements the order of its kept units. */
export interface GmwMaterial {
  triples: BitTriples;
  /** Of a transfer of ring elements: this party's random choices, a slice, and what they gave. */
  choices: Int32Array;
  chosen: RingVector;
  /** Of a transfer the other way: both pads. */
  pads: [RingVector, RingVector];
  /**
   * Of the transfers of the sum's lowest carries, which the client receives by the bits of its share: its bits; at the
   * server the pads for 0, and what those for 1 add to them.
   */
  leaves: { pads: Int32Array; differences: Int32Array };
}

/** Bits of a sum whose carry is the sign's: all below it. */
export const carryBits = ({ signBits }: Pick<StepOf<"relu">, "signBits">): number => signBits - 1;

const andsOf = (bits: number): number => andsByRound(bits).reduce((total, ands) => total + ands, 0);

/** `leafChoices`: at the client the lowest bits of its share, as slices of a chunk. */
export async function prepareGmw(options: {
  step: StepOf<"relu">;
  layer: number;
  inference: Inference;
  transfers: Transfers;
  leafChoices?: (chunk: Chunk) => Int32Array;
}): Promise<GmwMaterial> {
  const { step, layer, inference, transfers, leafChoices } = options;
  const bits = carryBits(step);
  const ands = andsOf(bits);
  const units = step.kept.length;
  const material = emptyMaterial(units, { ands, bits });
  let done = 0;
  const placed = new Pipeline<ChunkOfStrings>(transfers.threads, (chunk) => {
    placeChunk(material, chunk, { ands, bits, done, role: transfers.role });
    done += chunk.count;
  });
  for (const chunk of chunksOf(step.kept)) {
    const count = chunk.units.length;
    const stride = sliceStride(count);
    const own = randomWords((ands + 1) * stride);
    const lowest = leafChoices?.(chunk) ?? new Int32Array(0);
    inference.use("rows", layer, chunk.index);
    const { sent, received } = await exchange(transfers, {
      choices: joined(own, lowest),
      sentGroups: ands + 1 + (leafChoices ? 0 : bits),
      stride,
      place: { inference, layer, chunk: chunk.index },
    });
    const strings = async () => ({ count, own, received, sent: await sent });
    await placed.add(strings());
  }
  await placed.drain();
  return material;
}

/** What the transfers of a chunk gave, both ways, and this party's random choices. */
interface ChunkOfStrings {
  count: number;
  own: Int32Array;
  sent: SentStrings;
  received: Labels;
}

/** Puts a chunk's bits and elements behind those of the units `done`. The client chooses of the leaves. */
function placeChunk(
  material: GmwMaterial,
  { count, own, sent, received }: ChunkOfStrings,
  { ands, bits, done, role }: { ands: number; bits: number; done: number; role: Transfers["role"] },
): void {
  const stride = sliceStride(count);
  const at = { stride: material.choices.length, offset: done / 32, from: stride };
  const bitsOf = (strings: Labels, first: number, groups: number) =>
    lowBits(strings.subarray(32 * labelWords * stride * first), groups, stride);
  const [zeros, ones] = [bitsOf(sent.zeros, 0, ands), bitsOf(sent.ones, 0, ands)];
  const triples = triplesOf(own.subarray(0, ands * stride), { zeros, ones, chosen: bitsOf(received, 0, ands) });
  for (const part of ["a", "b", "c"] as const) place(material.triples[part], triples[part], at);
  place(material.choices, own.subarray(ands * stride), at);
  const elements = (strings: Labels) => elementsOf(strings, { group: ands, stride, count });
  material.chosen.set(elements(received), done);
  material.pads[0].set(elements(sent.zeros), done);
  material.pads[1].set(elements(sent.ones), done);
  const pads = bitsOf(role === "server" ? sent.zeros : received, ands + 1, bits);
  place(material.leaves.pads, pads, at);
  if (role === "server") place(material.leaves.differences, xorOf(pads, bitsOf(sent.ones, ands + 1, bits)), at);
}

function emptyMaterial(units: number, { ands, bits }: { ands: number; bits: number }): GmwMaterial {
  const stride = sliceStride(units);
  const slices = (count: number) => new Int32Array(count * stride);
  const elements = () => new BigInt64Array(units);
  return {
    triples: { a: slices(ands), b: slices(ands), c: slices(ands) },
    choices: slices(1),
    chosen: elements(),
    pads: [elements(), elements()],
    leaves: { pads: slices(bits), differences: slices(bits) },
  };
}

/** Random transfers both ways, in groups of 32·stride; those that this party sends may be in the making when their messages are through. */
async function exchange(
  { peer, role, sender, receiver }: Transfers,
  options: {
    choices: Int32Array;
    sentGroups: number;
    stride: number;
    place: { inference: Inference; layer: number; chunk: number };
  },
): Promise<{ sent: SentStrings | Promise<SentStrings>; received: Labels }> {
  const { choices, sentGroups, stride, place } = options;
  const { inference, layer, chunk } = place;
  const other = role === "client" ? "server" : "client";
  const keys = (sender: "client" | "server", groups: number) =>
    transferKeys({ ...inference.chunkName(layer, chunk), sender }, groups);
  const { corrections, strings } = await receiver.extend(choices, keys(other, choices.length / stride));
  const [theirs] = await Promise.all([
    peer.receive("corrections", transferBytes * 32 * stride * sentGroups),
    peer.send("corrections", corrections),
  ]);
  return { sent: sender.extend(new Int32Array(theirs.buffer), keys(role, sentGroups)), received: strings };
}

/**
 * c = a ∧ b from a transfer each way: the peer's a chose of our two bits, ours of the peer's. With b as the difference of a
 * sender's two bits each cross product is shared by the bit for 0 and the chosen one (Asharov, Lindell, Schneider &
 * Zohner, CCS 2013).
 */
function triplesOf(
  a: Int32Array,
  { zeros, ones, chosen }: { zeros: Int32Array; ones: Int32Array; chosen: Int32Array },
): BitTriples {
  const b = xorOf(zeros, ones);
  const c = a.map((word, i) => (word & (b[i] as number)) ^ (zeros[i] as number) ^ (chosen[i] as number));
  return { a, b, c };
}

/** The lowest bit of each string, a slice for each group of 32·stride. */
function lowBits(strings: Labels, groups: number, stride: number): Int32Array {
  const out = new Int32Array(groups * stride);
  for (let word = 0; word < out.length; word++) {
    let bits = 0;
    for (let i = 0; i < 32; i++) bits |= ((strings[labelWords * (32 * word + i)] as number) & 1) << i;
    out[word] = bits;
  }
  return out;
}

/** Puts a chunk's slices, `from` words each, to their places in a layer's. */
function place(
  target: Int32Array,
  slices: Int32Array,
  { stride, offset, from }: { stride: number; offset: number; from: number },
): void {
  for (let group = 0; group * from < slices.length; group++) {
    target.set(slices.subarray(group * from, (group + 1) * from), group * stride + offset);
  }
}

function joined(first: Int32Array, second: Int32Array): Int32Array {
  const out = new Int32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
