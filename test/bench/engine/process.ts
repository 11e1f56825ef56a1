/** Figures of whole processes: memory of a training step, and how soon a worker's child takes its first one. */
import type { DatasetReader } from "@reluctant/datasets";
import type { BesidePeer, Figure } from "../rows.ts";
import { type Case, stageRun } from "./cases.ts";
import { taskOf } from "./compare.ts";
import { Peer, type PeerVersion } from "./peer.ts";
import { median } from "./samples.ts";
import { firstSteps } from "./worker-child.ts";

type Unnamed = Omit<Case, "name">;
const large: Unnamed = { kind: "train", model: "resnet18", batch: 128, precision: "fp32", bar: null };
const small: Unnamed = { kind: "train", model: "resnet8", batch: 128, precision: "fp32", bar: null };

const megabytes = (bytes: number): number => bytes / 2 ** 20;

export const memoryCase = "memory/train/resnet18/b128/fp32";

/** What training takes beyond the process with its libraries, at its peak. The eager steps before the recording count. */
export async function peakMemory(data: DatasetReader, { sgd }: PeerVersion): Promise<BesidePeer[]> {
  const steps = 4;
  const peer = new Peer(taskOf(large, data), { layout: "channels_last", sgd: sgd.at(-1) ?? "plain" });
  const theirs = await peer.take(steps).finally(() => peer.close());
  const ours = await firstSteps(stageRun(large, data), data, steps);
  const row = (name: string, [a, b]: [number, number]) => ({
    case: name,
    ours: megabytes(a),
    peer: megabytes(b),
    ratio: a / b,
    unit: "MB",
  });
  return [
    {
      ...row(memoryCase, [ours.peakBytes - ours.idleBytes, theirs.peakBytes - theirs.idleBytes]),
      bar: { atMost: 1.1, reach: 0.9 },
    },
    row(`${memoryCase}, whole process`, [ours.peakBytes, theirs.peakBytes]),
  ];
}

export const coldStartCase = "cold start of a child to its first step";

/** From the start of the process; ResNet-8, batches of 128. */
export async function coldStart(data: DatasetReader, starts: number): Promise<Figure[]> {
  const measured = [];
  for (let start = 0; start < starts; start++) measured.push(await firstSteps(stageRun(small, data), data, 1));
  return [
    { case: coldStartCase, value: median(measured.map(({ seconds }) => seconds)), unit: "s", atMost: 3 },
    { case: `${coldStartCase}, CPU time`, value: median(measured.map(({ cpuSeconds }) => cpuSeconds)), unit: "s" },
  ];
}
