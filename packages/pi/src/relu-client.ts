import { sliceBits } from "./bits.ts";
import type { Channel } from "./channel.ts";
import { type Chunk, chunksOf, gather, labelsOfRows, partOf } from "./chunks.ts";
import type { RowReceiver } from "./correlated-ot.ts";
import { tableBytes } from "./garbling.ts";
import { GateHash } from "./gate-hash.ts";
import type { Inference } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import { type Labels, labelBytes } from "./labels.ts";
import type { StepOf } from "./network.ts";
import { Pipeline } from "./pipeline.ts";
import { circuitOf, type ReluInput, ringBits } from "./relu-circuit.ts";
import { negate, type RingVector } from "./ring.ts";

/** What the client keeps of a chunk until its labels of the server's share come: 8,096 bytes a unit, or 5,936 in the short form. */
interface GarbledChunk extends Chunk {
  labels: Record<Exclude<ReluInput, "serverShare">, Labels>;
  tables: Uint8Array;
}

/** Chunks whose transfers are out beside the one whose tables are due, 4 MiB each: as many as the server garbles at once. */
const chunksAhead = (threads: number): number => Math.max(2, threads);

/** A ReLU layer at the client, ready for one inference. */
export interface EvaluatorLayer {
  step: StepOf<"relu">;
  layer: number;
  chunks: GarbledChunk[];
}

/**
 * Takes the garbled units. `mask`, fresh, is the client's share of what leaves the kept units; it is chosen by oblivious transfer,
 * bit by bit with `chosen`, the share of what enters (or a random vector in its place: see late-choices.ts), and the labels that
 * come of it are all that the circuit needs from the client.
 */
export async function prepareEvaluator(options: {
  step: StepOf<"relu">;
  layer: number;
  chosen: RingVector;
  mask: RingVector;
  server: Channel;
  transfers: RowReceiver;
  threads: number;
}): Promise<EvaluatorLayer> {
  const { step, layer, chosen, mask, server, transfers, threads } = options;
  const circuit = circuitOf(step.signBits);
  const extend = (chunk: Chunk) => {
    const ofShare = sliceBits(gather(chosen, chunk.units), step.signBits).words;
    const maskOfChunk = partOf(mask, chunk);
    const ofMask = sliceBits(negate(maskOfChunk), ringBits).words; // the circuit adds it: the server gets max(0, x) − mask
    const choices = new Int32Array(ofShare.length + ofMask.length);
    choices.set(ofShare);
    choices.set(ofMask, ofShare.length);
    return transfers.extend(choices);
  };
  const out: { rows: Labels; sent: Promise<void> }[] = [];
  const send = (chunk: Chunk): void => {
    const { corrections, labels: rows } = extend(chunk);
    const sent = server.send("corrections", corrections);
    sent.catch(() => undefined); // whoever awaits it is told
    out.push({ rows, sent });
  };
  const chunks: GarbledChunk[] = [];
  const waiting = chunksOf(step.kept);
  const ahead = chunksAhead(threads);
  for (const chunk of waiting.slice(0, ahead)) send(chunk);
  for (const [place, chunk] of waiting.entries()) {
    const units = chunk.units.length;
    const { rows: ofChunk, sent } = out.shift() as (typeof out)[number];
    const labels = {
      clientShare: labelsOfRows(ofChunk, 0, step.signBits, units),
      mask: labelsOfRows(ofChunk, step.signBits, ringBits, units),
    };
    // a later chunk's transfers go out while the server garbles this one
    const later = waiting[place + ahead];
    if (later) send(later);
    const [tables] = await Promise.all([server.receive("tables", tableBytes(circuit, units)), sent]);
    chunks.push({ ...chunk, labels, tables });
  }
  return { step, layer, chunks };
}

/** Online: evaluates each chunk as its labels come, and sends the layer's colors, from which the server has its share. */
export async function evaluateLayer(
  { step, layer, chunks }: EvaluatorLayer,
  { inference, server, kernels }: { inference: Inference; server: Channel; kernels: Kernels },
): Promise<void> {
  const circuit = circuitOf(step.signBits);
  const colors: Int32Array[] = [];
  const evaluated = new Pipeline<Int32Array>(kernels.threads, (found) => void colors.push(found));
  for (const { index, units, labels, tables } of chunks) {
    const received = await server.receive("labels", labelBytes * step.signBits * units.length);
    inference.use("tables", layer, index);
    const hash = new GateHash(inference.chunkName(layer, index), { ands: circuit.ands, units: units.length });
    const serverShare = new Int32Array(received.buffer);
    await evaluated.add(
      kernels.evaluate({ circuit, labels: { ...labels, serverShare }, tables, hash, units: units.length }),
    );
  }
  await evaluated.drain();
  if (chunks.length > 0) await server.send("colors", joined(colors));
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
