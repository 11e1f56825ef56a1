import { sliceBits, sliceStride } from "./bits.ts";
import { carryOf, xorOf } from "./carry-tree.ts";
import { gather, scatter } from "./chunks.ts";
import { andByTriples } from "./gmw-and.ts";
import { exchangeFlips, offerProduct, takeProduct } from "./gmw-mux.ts";
import { carryBits, type GmwMaterial, prepareGmw, type Transfers } from "./gmw-preparation.ts";
import type { Inference } from "./inference.ts";
import type { StepOf } from "./network.ts";
import { randomVector } from "./random.ts";
import { add, bytesOf, type RingVector, subtract, vectorOf } from "./ring.ts";

/** A layer of GMW ReLUs at the client, ready for one inference. */
export interface GmwClientLayer {
  step: StepOf<"relu">;
  layer: number;
  /** Its share of what enters the kept units, and of what shall leave them. */
  share: RingVector;
  mask: RingVector;
  material: GmwMaterial;
}

/** Offline: fixes the client's share of the output, and makes what the layer takes. */
export async function prepareGmwClient(options: {
  step: StepOf<"relu">;
  layer: number;
  share: RingVector;
  inference: Inference;
  transfers: Transfers;
}): Promise<{ prepared: GmwClientLayer; share: RingVector }> {
  const { step, layer, share, inference, transfers } = options;
  inference.use("mask", layer);
  const kept = gather(share, step.kept);
  const mask = randomVector(kept.length);
  const next = share.slice();
  scatter(next, step.kept, mask);
  const leafChoices = (chunk: { units: Uint32Array }) => sliceBits(gather(share, chunk.units), carryBits(step)).words;
  const material = await prepareGmw({ step, layer, inference, transfers, leafChoices });
  return { prepared: { step, layer, share: kept, mask, material }, share: next };
}

/** Online: the sign's bit by the tree, the product by two transfers, and a message that gives the server all but the mask. */
export async function inferGmwClient(
  { step, layer, share, mask, material }: GmwClientLayer,
  { inference, transfers: { peer, role } }: { inference: Inference; transfers: Transfers },
): Promise<void> {
  const units = share.length;
  if (units === 0) return;
  inference.use("triples", layer);
  const bits = carryBits(step);
  const stride = sliceStride(units);
  const slices = sliceBits(share, step.signBits).words;
  const lowest = slices.subarray(0, bits * stride);
  const sent = new Int32Array((await peer.receive("carries", 4 * bits * stride)).buffer);
  const generate = material.leaves.pads.map((pad, i) => pad ^ ((lowest[i] as number) & (sent[i] as number)));
  const and = andByTriples(material.triples, { peer, role });
  const carry = await carryOf({ generate, propagate: lowest, count: bits }, stride, and);
  const positive = xorOf(slices.subarray(bits * stride), carry); // the server's share is the negated one
  const flips = await exchangeFlips(peer, material, positive);
  const product = vectorOf(await peer.receive("products", 8 * units));
  const taken = takeProduct(material, positive, product);
  const offered = offerProduct(material, { x: share, bit: positive, flips });
  await peer.send("products", bytesOf(offered.message));
  await peer.send("remasked", bytesOf(subtract(add(offered.share, taken), mask)));
}
