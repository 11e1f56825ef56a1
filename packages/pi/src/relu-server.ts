import { sliceStride, unsliceBits } from "./bits.ts";
import { xorOf } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import { type Chunk, chunksOf, gather, labelsOfRows, scatter, transfersOf } from "./chunks.ts";
import { type RowSender, transferBytes } from "./correlated-ot.ts";
import { GateHash } from "./gate-hash.ts";
import type { Inference } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import { type Delta, type Labels, labelWords } from "./labels.ts";
import type { StepOf } from "./network.ts";
import { Pipeline } from "./pipeline.ts";
import { randomWords } from "./random.ts";
import { circuitOf, ringBits } from "./relu-circuit.ts";
import type { RingVector } from "./ring.ts";
import type { Choices } from "./schedule.ts";

/** What the server keeps of a chunk: labels for 0 of its own share's wires, which get its bits online, and the outputs' colors for 0. */
interface OfferedChunk extends Chunk {
  labels: Labels;
  colors: Int32Array;
  /** Of the client's share's wires, what the circuit's labels differ by from the transfers' rows; empty where they are the same. */
  shifts: Labels;
}

/** A ReLU layer at the server, ready for one inference. */
export interface GarblerLayer {
  step: StepOf<"relu">;
  layer: number;
  chunks: OfferedChunk[];
}

/**
 * Garbles the units that keep their ReLU. The rows of the oblivious transfers are the labels for 0 of the client's
 * wires, so the transfers come first and no label of the client's is ever sent. Where its choices are random, its share's wires
 * have labels of their own: see late-choices.ts.
 */
export async function prepareGarbler(options: {
  step: StepOf<"relu">;
  layer: number;
  inference: Inference;
  choices: Choices;
  client: Channel;
  transfers: RowSender;
  delta: Delta;
  kernels: Kernels;
}): Promise<GarblerLayer> {
  const { step, layer, inference, choices, client, transfers, delta, kernels } = options;
  const circuit = circuitOf(step.signBits);
  const chunks: OfferedChunk[] = [];
  let sending: Promise<void> = Promise.resolve();
  const garbled = new Pipeline<{ tables: Uint8Array; offered: OfferedChunk }>(
    kernels.threads,
    async ({ tables, offered }) => {
      await sending;
      sending = client.send("tables", tables);
      sending.catch(() => undefined); // whoever awaits it is told
      chunks.push(offered);
    },
  );
  for (const chunk of chunksOf(step.kept)) {
    const units = chunk.units.length;
    const count = transfersOf(units, step.signBits);
    const corrections = await client.receive("corrections", transferBytes * count);
    inference.use("rows", layer, chunk.index);
    const rows = transfers.extend(new Int32Array(corrections.buffer), count);
    const serverShare = randomWords(labelWords * step.signBits * units);
    const chosen = labelsOfRows(rows, 0, step.signBits, units);
    const clientShare = choices === "random" ? randomWords(chosen.length) : chosen;
    const shifts = choices === "random" ? xorOf(chosen, clientShare) : new Int32Array(0);
    const zeros = {
      clientShare,
      mask: labelsOfRows(rows, step.signBits, ringBits, units),
      serverShare: serverShare.slice(),
    };
    const hash = new GateHash(inference.chunkName(layer, chunk.index), { ands: circuit.ands, units });
    const garbling = async () => {
      const { tables, colors } = await kernels.garble({ circuit, zeros, delta, hash, units });
      return { tables, offered: { ...chunk, labels: serverShare, colors, shifts } };
    };
    await garbled.add(garbling());
  }
  await garbled.drain();
  await sending;
  return { step, layer, chunks };
}

/**
 * Online: sends the labels of the server's share, chunk by chunk, and has its share of the output from the colors that come
 * back: max(0, x) − mask where a ReLU is kept, its own share where none is.
 */
export async function offerLayer(
  { step, layer, chunks }: GarblerLayer,
  share: RingVector,
  { inference, client, delta, kernels }: { inference: Inference; client: Channel; delta: Delta; kernels: Kernels },
): Promise<RingVector> {
  for (const { index, units, labels } of chunks) {
    inference.use("labels", layer, index);
    kernels.takeBits(labels, gather(share, units), step.signBits, delta);
    await client.send("labels", labels);
  }
  const next = share.slice();
  if (chunks.length === 0) return next;
  const words = chunks.reduce((total, { colors }) => total + colors.length, 0);
  const received = new Int32Array((await client.receive("colors", 4 * words)).buffer);
  let at = 0;
  for (const { units, colors } of chunks) {
    const slices = colors.map((word, i) => word ^ (received[at + i] as number));
    at += colors.length;
    scatter(next, units, unsliceBits({ words: slices, stride: sliceStride(units.length) }, units.length));
  }
  return next;
}
