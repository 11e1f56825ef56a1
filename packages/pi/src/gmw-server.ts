import { sliceBits, sliceStride } from "./bits.ts";
import { carryOf, xorOf } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import { gather, scatter } from "./chunks.ts";
import { andByTriples } from "./gmw-and.ts";
import { exchangeFlips, offerProduct, takeProduct } from "./gmw-mux.ts";
import { carryBits, type GmwMaterial, prepareGmw, type Transfers } from "./gmw-preparation.ts";
import type { Inference } from "./inference.ts";
import type { StepOf } from "./network.ts";
import { add, bytesOf, type RingVector, vectorOf } from "./ring.ts";
import type { Choices } from "./schedule.ts";

/** A layer of GMW ReLUs at the server, ready for one inference. */
export interface GmwServerLayer {
  step: StepOf<"relu">;
  layer: number;
  material: GmwMaterial;
}

export async function prepareGmwServer(options: {
  step: StepOf<"relu">;
  layer: number;
  inference: Inference;
  transfers: Transfers;
}): Promise<GmwServerLayer> {
  return { step: options.step, layer: options.layer, material: await prepareGmw(options) };
}

/** Online: returns the server's share of the output, max(0, x) − mask where a ReLU is kept, its own share where none is. */
export async function inferGmwServer(
  { step, layer, material }: GmwServerLayer,
  share: RingVector,
  { inference, choices, transfers: { peer, role } }: { inference: Inference; choices: Choices; transfers: Transfers },
): Promise<RingVector> {
  const units = step.kept.length;
  const next = share.slice();
  if (units === 0) return next;
  inference.use("triples", layer);
  const bits = carryBits(step);
  const stride = sliceStride(units);
  const own = gather(share, step.kept);
  const slices = sliceBits(own, step.signBits).words;
  const lowest = slices.subarray(0, bits * stride);
  const { differences } = material.leaves;
  const pads = choices === "random" ? await turnedPads(peer, material) : material.leaves.pads;
  await peer.send("carries", xorOf(differences, lowest));
  const and = andByTriples(material.triples, { peer, role });
  const carry = await carryOf({ generate: pads, propagate: lowest, count: bits }, stride, and);
  const positive = xorOf(slices.subarray(bits * stride), carry).map((word) => ~word);
  const flips = await exchangeFlips(peer, material, positive);
  const offered = offerProduct(material, { x: own, bit: positive, flips });
  await peer.send("products", bytesOf(offered.message));
  const taken = takeProduct(material, positive, vectorOf(await peer.receive("products", 8 * units)));
  const remasked = vectorOf(await peer.receive("remasked", 8 * units));
  scatter(next, step.kept, add(add(offered.share, taken), remasked));
  return next;
}

/** The pads for 0 once the client has told by which of its random choices its share's bits differ: there, they are those for 1. */
async function turnedPads(peer: Channel, { leaves: { pads, differences } }: GmwMaterial): Promise<Int32Array> {
  const flips = new Int32Array((await peer.receive("flips", pads.byteLength)).buffer);
  return pads.map((pad, i) => pad ^ ((flips[i] as number) & (differences[i] as number)));
}
