/** Figures of whole processes: memory of a training step, and how soon a worker's child takes its first one. */
import type { DatasetReader } from "@reluctant/datasets";
import type { BesidePeer, Figure } from "../rows.ts";
import { stageRun, type Work } from "./cases.ts";
import { startOurs, taskOf, warmUp } from "./compare.ts";
import { Peer, type PeerVersion } from "./peer.ts";
import { median, timed } from "./samples.ts";
import { type FirstSteps, firstSteps } from "./worker-child.ts";

type Memory = Pick<FirstSteps, "idleBytes" | "peakBytes">;
const large: Work = { kind: "train", model: "resnet18", batch: 128, precision: "fp32" };
const small: Work = { kind: "train", model: "resnet8", batch: 128, precision: "fp32" };

const megabytes = (bytes: number): number => bytes / 2 ** 20;

export const memoryCase = "memory/train/resnet18/b128/fp32";

/**
 * What training takes beyond the process with its libraries, at its peak: medians over `rounds` processes of each side, since
 * malloc gave PyTorch's between 877 and 987 MB here. The eager steps before the recording count.
 */
export async function peakMemory(data: DatasetReader, { sgd }: PeerVersion, rounds: number): Promise<BesidePeer[]> {
  const steps = 4;
  const measured: Record<"ours" | "theirs", Memory[]> = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    const peer = new Peer(taskOf(large, data), {
      layout: "channels_last",
      sgd: sgd.at(-1) ?? "plain",
      compiled: false,
    });
    measured.theirs.push(await peer.take(steps).finally(() => peer.close()));
    measured.ours.push(await firstSteps(stageRun(large, data), data, steps));
  }
  const row = (name: string, bytes: (process: Memory) => number) => {
    const ours = megabytes(median(measured.ours.map(bytes)));
    const peer = megabytes(median(measured.theirs.map(bytes)));
    return { case: name, ours, peer, ratio: ours / peer, unit: "MB" };
  };
  return [
    { ...row(memoryCase, ({ idleBytes, peakBytes }) => peakBytes - idleBytes), bar: { atMost: 1, reach: 0.8 } },
    row(`${memoryCase}, whole process`, ({ peakBytes }) => peakBytes),
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

export const paceCase = "a worker's training beside the bench's step, train/resnet8/b128/fp32";

/** How fast a worker's child trains, all that it does beside its steps included, over the step that is measured here. */
export async function workersPace(data: DatasetReader, rounds: number): Promise<Figure[]> {
  const steps = 100;
  const ratios: number[] = [];
  const stage = await startOurs(small, data);
  try {
    await stage.take(warmUp);
    for (let round = 0; round < rounds; round++) {
      const here = await timed(() => stage.take(steps));
      const { secondsPerStep } = await firstSteps(stageRun(small, data), data, steps);
      ratios.push(here.seconds / steps / secondsPerStep);
    }
  } finally {
    await stage.stop();
  }
  return [{ case: paceCase, value: median(ratios), unit: "x", atLeast: 0.95 }];
}
