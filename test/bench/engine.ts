/**
 * The engine beside PyTorch on this machine's processor, one thread each. What runs on our side are the stages of workers.
 * A full run with `--write` leaves its table in docs/results/engine.md.
 */
import type { DatasetReader } from "@reluctant/datasets";
import { createEngine } from "@reluctant/engine";
import { type Case, cases, onCuda } from "./engine/cases.ts";
import { compare, threads } from "./engine/compare.ts";
import { growth } from "./engine/growth.ts";
import { type PeerVersion, peerVersion } from "./engine/peer.ts";
import { coldStart, coldStartCase, memoryCase, paceCase, peakMemory, workersPace } from "./engine/process.ts";
import { writeReport } from "./engine/report.ts";
import { besideTorch, tensorflowCase } from "./engine/tensorflow.ts";
import { preparedGlyphs } from "./engine/worker-child.ts";
import { FlagError, type Options } from "./options.ts";
import type { NotRun, Row } from "./rows.ts";

export async function engine({ quick, only, write }: Options): Promise<Row[]> {
  const { info } = await createEngine({ backend: "torch", threads, precision: "fp32" });
  if (!info.device.startsWith("cpu"))
    throw new Error("this bench measures processors; hide the GPU with CUDA_VISIBLE_DEVICES= to run it here");
  const version = await peerVersion().catch((error: Error) => error);
  const data = await preparedGlyphs();
  const rows: Row[] = [];
  try {
    const all = plan({ data, version, quick, bf16: info.precisions.includes("bf16") });
    const chosen = all.filter(({ name }) => name.includes(only));
    if (chosen.length === 0)
      throw new FlagError(`--case: none has "${only}" in its name; they are ${all.map(({ name }) => name).join(", ")}`);
    for (const { name, run } of chosen) {
      process.stderr.write(`${name} …\n`);
      rows.push(...(await run()));
    }
  } finally {
    data.close();
  }
  if (write) await writeReport(rows, { info, peer: version instanceof Error ? version.message : version.torch });
  return rows;
}

interface Measurement {
  name: string;
  run: () => Promise<Row[]>;
}

interface Here {
  data: DatasetReader;
  /** Or why there is no peer. */
  version: PeerVersion | Error;
  quick: boolean;
  bf16: boolean;
}

function plan({ data, version, quick, bf16 }: Here): Measurement[] {
  const againstPeer = (name: string, run: (peer: PeerVersion) => Promise<Row[]>): Measurement =>
    version instanceof Error ? notRun(name, version.message) : { name, run: () => run(version) };
  const compared = (measured: Case): Measurement => {
    if (quick && measured.long) return notRun(measured.name, "left out of a quick run");
    if (measured.precision === "bf16" && !bf16)
      return notRun(measured.name, "the processor has neither avx512_bf16 nor amx_bf16");
    const rounds = quick ? 3 : measured.model === "resnet18" ? 5 : 15;
    return againstPeer(measured.name, async (peer) => [await compare(measured, { data, version: peer, rounds })]);
  };
  return [
    ...cases.map(compared),
    ...onCuda.map((name) => notRun(name, "needs a GPU; infra/gpu measures there")),
    againstPeer(memoryCase, (peer) => peakMemory(data, peer, quick ? 1 : 5)),
    { name: paceCase, run: () => workersPace(data, quick ? 1 : 5) },
    againstPeer(tensorflowCase, () => besideTorch(data, quick ? 1 : 5)),
    { name: coldStartCase, run: () => coldStart(data, quick ? 1 : 3) },
    { name: "growth", run: () => growth(data, quick ? 200 : 2_000) },
  ];
}

const notRun = (name: string, reason: string): Measurement => ({
  name,
  run: async (): Promise<NotRun[]> => [{ case: name, notRun: reason }],
});
