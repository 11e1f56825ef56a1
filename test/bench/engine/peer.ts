/** The same work in PyTorch, in a process of its own that runs units when it is told to. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { promisify } from "node:util";
import { shapes, type Work } from "./cases.ts";
import { cpuSeconds, type Sample } from "./samples.ts";

export const python = process.env.PYTHON ?? "python3";
const script = "test/bench/engine/peer.py";

export interface PeerVersion {
  torch: string;
  /** The forms of SGD that it has, beside the plain one. */
  sgd: string[];
}

/** What Python's PyTorch is here. @throws Error that says what is missing */
export async function peerVersion(): Promise<PeerVersion> {
  const ask = [
    "import inspect, json, torch",
    "has = inspect.signature(torch.optim.SGD).parameters",
    "print(json.dumps({'torch': torch.__version__, 'sgd': [f for f in ('foreach', 'fused') if f in has]}))",
  ].join("\n");
  const asked = await promisify(execFile)(python, ["-c", ask]).catch((cause: unknown) => {
    throw new Error(
      `${python} has no torch: \`node scripts/setup.mjs --test\` installs it, or PYTHON names one that has`,
      { cause },
    );
  });
  return JSON.parse(asked.stdout) as PeerVersion;
}

/** How the same network can be run. */
export interface Form {
  layout: "contiguous" | "channels_last";
  sgd: string;
  /** By `torch.compile`, in the mode that it has by default. */
  compiled: boolean;
}

const eager: Form = { layout: "channels_last", sgd: "plain", compiled: false };

export interface PeerTask {
  case: Work;
  side: number;
  classes: number;
  threads: number;
}

interface Answer {
  units: Sample[];
  idleBytes: number;
  peakBytes: number;
}

/** What holds PyTorch and its oneDNN to a level of instructions that is forced on us. */
const limits: Readonly<Record<string, Record<string, string>>> = {
  baseline: { ATEN_CPU_CAPABILITY: "default", ONEDNN_MAX_CPU_ISA: "SSE41" },
  avx2: { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2" },
};

export class Peer {
  readonly form: Form;
  private readonly child: ChildProcess;
  private readonly lines: Interface;
  private errors = "";

  constructor({ case: { kind, model, batch, precision }, ...task }: PeerTask, form: Form) {
    this.form = form;
    const asked = { ...task, ...form, kind, batch, ...shapes[model], precision };
    const env = { ...process.env, ...limits[process.env.TFJS_TORCH_CPU_LEVEL ?? ""] };
    this.child = spawn(python, [script, JSON.stringify(asked)], { stdio: ["pipe", "pipe", "pipe"], env });
    this.child.stderr?.on("data", (bytes: Buffer) => {
      this.errors += bytes.toString("utf8");
    });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
  }

  async take(units: number): Promise<Answer> {
    const ended = new AbortController();
    this.child.stdin?.write(`${units}\n`);
    try {
      const line = await Promise.race([
        once(this.lines, "line", { signal: ended.signal }),
        once(this.child, "exit", { signal: ended.signal }).then(() => {
          throw new Error(`the peer ended: ${this.errors.trim().split("\n").at(-1)}`);
        }),
      ]);
      return JSON.parse(line[0] as string) as Answer;
    } finally {
      ended.abort();
    }
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill();
    await once(this.child, "exit");
  }
}

/**
 * The fastest eager form, running and warm, and the compiled one of its layout and its SGD, or why there is none. By CPU
 * time: first the layout, then in that layout the forms of SGD.
 */
export async function peers(task: PeerTask, { sgd }: PeerVersion, steps: number): Promise<[Peer, Peer | Error]> {
  let fastest = await candidate(task, eager, steps);
  const challenge = async (form: Form) => {
    const other = await candidate(task, form, steps);
    const [winner, loser] = other.cpu < fastest.cpu ? [other, fastest] : [fastest, other];
    await loser.peer.close();
    fastest = winner;
  };
  await challenge({ ...eager, layout: "contiguous" });
  if (task.case.kind !== "evaluation") for (const one of sgd) await challenge({ ...fastest.peer.form, sgd: one });
  const compiled = candidate(task, { ...fastest.peer.form, compiled: true }, steps);
  return [fastest.peer, await compiled.then(({ peer }) => peer).catch((error: Error) => error)];
}

async function candidate(task: PeerTask, form: Form, steps: number) {
  const peer = new Peer(task, form);
  try {
    await peer.take(1);
    const { units } = await peer.take(steps);
    return { peer, cpu: cpuSeconds(units) };
  } catch (error) {
    await peer.close();
    throw error;
  }
}
