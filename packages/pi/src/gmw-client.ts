import { sliceBits, sliceStride } from "./bits.ts";
import { carryOf, xorOf } from "./carry-tree.ts";
import { gather } from "./chunks.ts";
import { andByTriples } from "./gmw-and.ts";
import { exchangeFlips, offerProduct, takeProduct } from "./gmw-mux.ts";
import { carryBits, type GmwMaterial, prepareGmw, type Transfers } from "./gmw-preparation.ts";
import type { Inference } from "./inference.ts";
import type { StepOf } from "./network.ts";
import { add, bytesOf, type RingVector, subtract, vectorOf } from "./ring.ts";
import type { Choices } from "./schedule.ts";

/** A layer of GMW ReLUs at the client, ready for one inference. */
export interface GmwClientLayer {
  step: StepOf<"relu">;
  layer: number;
  /** What the transfers of the lowest carries chose by, of the kept units: its share, or a random vector in its place. */
  chosen: RingVector;
  /** Its share of what shall leave the kept units. */
  mask: RingVector;
  material: GmwMaterial;
}

/** Makes what the layer takes. */
export async function prepareGmwClient(options: {
  step: StepOf<"relu">;
  layer: number;
  chosen: RingVector;
  mask: RingVector;
  inference: Inference;
  transfers: Transfers;
}): Promise<GmwClientLayer> {
  const { step, layer, chosen, mask, inference, transfers } = options;
  const leafChoices = (chunk: { units: Uint32Array }) => sliceBits(gather(chosen, chunk.units), carryBits(step)).words;
  const material = await prepareGmw({ step, layer, inference, transfers, leafChoices });
  return { step, layer, chosen: gather(chosen, step.kept), mask, material };
}

/** Online: the sign's bit by the tree, the product by two transfers, and a message that gives the server all but the mask. */
export async function inferGmwClient(
  { step, layer, chosen, mask, material }: GmwClientLayer,
  layerShare: RingVector,
  { inference, choices, transfers: { peer, role } }: { inference: Inference; choices: Choices; transfers: Transfers },
): Promise<void> {
  const units = step.kept.length;
  if (units === 0) return;
  inference.use("triples", layer);
  const share = gather(layerShare, step.kept);
  const bits = carryBits(step);
  const stride = sliceStride(units);
  const slices = sliceBits(share, step.signBits).words;
  const lowest = slices.subarray(0, bits * stride);
  if (choices === "random") await peer.send("flips", xorOf(sliceBits(chosen, bits).words, lowest));
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
