/** The tensorflow backend beside the torch backend, each in a worker's child, in turn. */
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { DatasetReader } from "@reluctant/datasets";
import type { Row } from "../rows.ts";
import { stageRun } from "./cases.ts";
import { threads } from "./compare.ts";
import { python } from "./peer.ts";
import { cpuSeconds, disturbed, median, type Sample, seconds } from "./samples.ts";
import { firstSteps } from "./worker-child.ts";

const batch = 128;
const measured = { kind: "train", model: "resnet8", batch, precision: "fp32" } as const;
const steps = 60;

export const tensorflowCase = "tensorflow beside torch, train/resnet8/b128/fp32";

/** The peer is our own torch backend, on the libtorch of Python's PyTorch. */
export async function besideTorch(data: DatasetReader, rounds: number): Promise<Row[]> {
  if (!process.env.LIBTENSORFLOW) return [{ case: tensorflowCase, notRun: "PYTHON has no tensorflow" }];
  const LIBTORCH = await folderOfTorch();
  const samples: Record<"ours" | "peer", Sample[]> = { ours: [], peer: [] };
  const grown: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const peer = await run(data, { RELUCTANT_BACKEND: "torch", LIBTORCH });
    const ours = await run(data, { RELUCTANT_BACKEND: "tensorflow" });
    samples.peer.push(peer);
    samples.ours.push(ours);
    grown.push(ours.grownBytes / 2 ** 20);
  }
  const { ours, peer } = samples;
  return [
    {
      case: tensorflowCase,
      ours: batch / seconds(ours),
      peer: batch / seconds(peer),
      ratio: seconds(peer) / seconds(ours),
      unit: "img/s",
      cpuRatio: cpuSeconds(peer) / cpuSeconds(ours),
      disturbed: disturbed(ours) || disturbed(peer),
      bar: { atLeast: 0.75, reach: 0.9 },
    },
    { case: `${tensorflowCase}, growth over ${steps} steps`, value: median(grown), unit: "MB" },
  ];
}

async function run(data: DatasetReader, environment: NodeJS.ProcessEnv): Promise<Sample & { grownBytes: number }> {
  const env = { ...environment, RELUCTANT_THREADS: `${threads}` };
  const { secondsPerStep, cpuSecondsPerStep, grownBytes } = await firstSteps(
    stageRun(measured, data),
    data,
    steps,
    env,
  );
  return { seconds: secondsPerStep, cpuSeconds: cpuSecondsPerStep, grownBytes };
}

async function folderOfTorch(): Promise<string> {
  const { stdout } = await promisify(execFile)(python, [
    "-c",
    "import importlib.util as u; print(u.find_spec('torch').origin)",
  ]);
  return dirname(stdout.trim());
}
