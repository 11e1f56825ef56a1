import { sliceBits, sliceStride, unsliceBits } from "./bits.ts";
import { xorOf } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import type { Chunk } from "./chunks.ts";
import { gather } from "./chunks.ts";
import type { Inference } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import { type Delta, type Labels, labelBytes } from "./labels.ts";
import type { StepOf } from "./network.ts";
import { ringBits } from "./relu-circuit.ts";
import type { RingVector } from "./ring.ts";

/*
 * Labels of a share that is known only after its circuit was garbled (Beaver, "Precomputing Oblivious Transfer", CRYPTO 1995).
 * The transfers chose by random bits b: the client has t = q ⊕ b·Δ of rows q. The circuit's label for 0 is not q but w, which is
 * fresh. Once the client has its share's bit x it tells by which d = b ⊕ x they differ, the server answers w ⊕ q ⊕ d·Δ, and
 * with t that is w ⊕ x·Δ, the label of x. The server sees d, which b hides; the client a difference of two labels that it may have.
 */

interface At {
  step: StepOf<"relu">;
  layer: number;
  inference: Inference;
}

/** The client's end: turns its labels of what the transfers chose into those of its share, in place. */
export async function chooseLate(
  { step, layer, inference }: At,
  chunks: readonly (Chunk & { labels: { clientShare: Labels } })[],
  { chosen, share, server }: { chosen: RingVector; share: RingVector; server: Channel },
): Promise<void> {
  inference.use("choices", layer);
  const slices = (vector: RingVector, { units }: Chunk) => sliceBits(gather(vector, units), step.signBits).words;
  for (const chunk of chunks) await server.send("flips", xorOf(slices(chosen, chunk), slices(share, chunk)));
  for (const { units, labels } of chunks) {
    const shifts = await server.receive("shifts", labelBytes * step.signBits * units.length);
    xorInto(labels.clientShare, new Int32Array(shifts.buffer));
  }
}

/** The server's end: takes `shifts`, w ⊕ q of each chunk. */
export async function answerLate(
  { step, layer, inference }: At,
  chunks: readonly (Chunk & { shifts: Labels })[],
  { client, delta, kernels }: { client: Channel; delta: Delta; kernels: Kernels },
): Promise<void> {
  inference.use("choices", layer);
  for (const { units, shifts } of chunks) {
    const stride = sliceStride(units.length);
    const flips = new Int32Array((await client.receive("flips", 4 * step.signBits * stride)).buffer);
    const words = new Int32Array(ringBits * stride);
    words.set(flips);
    kernels.takeBits(shifts, unsliceBits({ words, stride }, units.length), step.signBits, delta);
  }
  for (const { shifts } of chunks) await client.send("shifts", shifts);
}

function xorInto(target: Int32Array, other: Int32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) ^ (other[i] as number);
}
