/** Ours and the peer's, one after the other, round after round: what disturbs the machine disturbs both. */
import { createEngine } from "@reluctant/engine";
import type { Engine, StageData } from "@reluctant/stages";
import type { BesidePeer } from "../rows.ts";
import { type Case, stageRun } from "./cases.ts";
import { type PacedStage, paceStage } from "./paced-stage.ts";
import { fastestPeer, type Peer, type PeerVersion } from "./peer.ts";
import { cpuSeconds, disturbed, type Sample, seconds, timed } from "./samples.ts";

/** Of both sides. */
export const threads = 1;

export interface Setting {
  data: StageData;
  version: PeerVersion;
  rounds: number;
}

/** Two recordings and the first replay. */
export const warmUp = 3;
/** Steps by which the forms of the peer are compared, after one to warm up. */
const trial = 2;

export async function compare(measured: Case, { data, version, rounds }: Setting): Promise<BesidePeer> {
  const peer = await fastestPeer(taskOf(measured, data), version, trial);
  const ours = await startOurs(measured, data);
  try {
    await ours.take(warmUp);
    return { case: measured.name, ...ratios(measured, await interleaved(ours, peer, rounds)), ...told(measured, peer) };
  } finally {
    await ours.stop();
    await peer.close();
  }
}

export const taskOf = (measured: Omit<Case, "name">, { inputShape: [side], classes }: StageData) => ({
  case: measured,
  side,
  classes: classes.length,
  threads,
});

/** The case's stage as a worker runs it. */
export async function startOurs(measured: Omit<Case, "name">, data: StageData): Promise<PacedStage> {
  const engine: Engine = await createEngine({ backend: "torch", threads, precision: measured.precision });
  const unit = measured.kind === "evaluation" ? "evaluated batch" : "step";
  return paceStage({ run: stageRun(measured, data), unit, engine, data });
}

interface Samples {
  ours: Sample[];
  peer: Sample[];
}

async function interleaved(ours: PacedStage, peer: Peer, rounds: number): Promise<Samples> {
  const samples: Samples = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    samples.ours.push(await timed(() => ours.take(1)));
    samples.peer.push(...(await peer.take(1)).units);
  }
  return samples;
}

const ratios = ({ batch }: Case, { ours, peer }: Samples) => ({
  ours: batch / seconds(ours),
  peer: batch / seconds(peer),
  ratio: seconds(peer) / seconds(ours),
  unit: "img/s",
  cpuRatio: cpuSeconds(peer) / cpuSeconds(ours),
  disturbed: disturbed(ours) || disturbed(peer),
});

const told = ({ bar }: Case, { form }: Peer) => ({
  form: form.sgd ? `${form.layout}, ${form.sgd} SGD` : form.layout,
  ...(bar && { bar }),
});
