/** Ours and the peer's, one after the other, round after round: what disturbs the machine disturbs both. */
import { createEngine } from "@reluctant/engine";
import type { Engine, StageData } from "@reluctant/stages";
import type { BesidePeer } from "../rows.ts";
import { type Case, stageRun, type Work } from "./cases.ts";
import { type PacedStage, paceStage } from "./paced-stage.ts";
import { type Form, type Peer, type PeerVersion, peers } from "./peer.ts";
import { cpuSeconds, disturbed, medianRatio, type Sample, seconds, timed } from "./samples.ts";

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

/** Beside the faster of PyTorch's two: eager in its fastest form, and the same compiled. */
export async function compare(measured: Case, { data, version, rounds }: Setting): Promise<BesidePeer> {
  const [eager, compiled] = await peers(taskOf(measured, data), version, trial);
  const rivals = compiled instanceof Error ? [eager] : [eager, compiled];
  const ours = await startOurs(measured, data);
  try {
    await ours.take(warmUp);
    const row = rowOf(measured, await interleaved(ours, rivals, rounds));
    return compiled instanceof Error ? { ...row, other: `not compiled: ${compiled.message}` } : row;
  } finally {
    await ours.stop();
    await Promise.all(rivals.map((peer) => peer.close()));
  }
}

export const taskOf = (measured: Work, { inputShape: [side], classes }: StageData) => ({
  case: measured,
  side,
  classes: classes.length,
  threads,
});

/** The case's stage as a worker runs it. */
export async function startOurs(measured: Work, data: StageData): Promise<PacedStage> {
  const engine: Engine = await createEngine({ backend: "torch", threads, precision: measured.precision });
  const unit = measured.kind === "evaluation" ? "evaluated batch" : "step";
  return paceStage({ run: stageRun(measured, data), unit, engine, data });
}

interface Samples {
  ours: Sample[];
  rivals: { form: Form; samples: Sample[] }[];
}

async function interleaved(ours: PacedStage, rivals: readonly Peer[], rounds: number): Promise<Samples> {
  const taken: Samples = { ours: [], rivals: rivals.map(({ form }) => ({ form, samples: [] })) };
  for (let round = 0; round < rounds; round++) {
    taken.ours.push(await timed(() => ours.take(1)));
    for (const [index, peer] of rivals.entries()) taken.rivals[index]?.samples.push(...(await peer.take(1)).units);
  }
  return taken;
}

function rowOf({ name, kind, batch, bar }: Case, { ours, rivals }: Samples): BesidePeer {
  const byTime = rivals.toSorted((a, b) => seconds(a.samples) - seconds(b.samples));
  const [peer, slower] = byTime as [Samples["rivals"][number], Samples["rivals"][number]?];
  const each = (of: keyof Sample, samples: readonly Sample[]) => samples.map((sample) => sample[of]);
  return {
    case: name,
    ours: batch / seconds(ours),
    peer: batch / seconds(peer.samples),
    ...medianRatio(each("seconds", peer.samples), each("seconds", ours)),
    unit: "img/s",
    cpuRatio: cpuSeconds(peer.samples) / cpuSeconds(ours),
    disturbed: disturbed(ours) || disturbed(peer.samples),
    form: told(peer.form, kind),
    ...(slower && { other: `${told(slower.form, kind)}: ${(batch / seconds(slower.samples)).toPrecision(3)} img/s` }),
    ...(bar && { bar }),
  };
}

const told = ({ layout, sgd, compiled }: Form, kind: Case["kind"]): string =>
  [compiled ? "compiled" : "eager", layout, ...(kind === "evaluation" ? [] : [`${sgd} SGD`])].join(", ");
