import { Worker } from "node:worker_threads";
import type { Circuit } from "./circuit.ts";
import type { ChunkOfUnits, Garbled, InputLabels } from "./garbling.ts";
import type { Kernels } from "./kernels.ts";
import type { Delta, Labels } from "./labels.ts";
import type { ThreadAnswer, ThreadTask } from "./thread-task.ts";

/**
 * Garbles and evaluates chunks in threads of their own, each at the level of `own`, which does the rest here. A chunk's labels
 * and tables are given away, for a copy takes as long as the garbling: whoever needs them again keeps one.
 */
export function threadedKernels(own: Kernels, threads: number): Kernels {
  const pool = Array.from({ length: threads }, () => new KernelThread(own.level));
  const circuits: Circuit[] = [];
  const numberOf = (circuit: Circuit): number => {
    const known = circuits.indexOf(circuit);
    if (known >= 0) return known;
    for (const thread of pool) thread.tell(circuit);
    return circuits.push(circuit) - 1;
  };
  const chunkOf = ({ circuit, hash, units }: ChunkOfUnits<string>) => ({
    circuit: numberOf(circuit),
    name: hash.name,
    units,
  });
  const idlest = () => pool.reduce((least, each) => (each.waiting < least.waiting ? each : least));
  return {
    ...own,
    threads,
    async garble(chunk: ChunkOfUnits<string> & { zeros: InputLabels<string>; delta: Delta }) {
      const { zeros, delta } = chunk;
      const task = { kind: "garble", ...chunkOf(chunk), zeros, delta } as const;
      const { garbled } = (await idlest().ask(task, buffersOf(zeros))) as { garbled: Garbled };
      return garbled;
    },
    async evaluate(chunk: ChunkOfUnits<string> & { labels: InputLabels<string>; tables: Uint8Array }) {
      const { labels, tables } = chunk;
      const given = [tables.buffer as ArrayBuffer, ...buffersOf(labels)];
      const task = { kind: "evaluate", ...chunkOf(chunk), labels, tables } as const;
      const { colors } = (await idlest().ask(task, given)) as { colors: Int32Array };
      return colors;
    },
    async close() {
      await Promise.all(pool.map((thread) => thread.stop()));
    },
  };
}

const buffersOf = (labels: InputLabels<string>): ArrayBuffer[] =>
  Object.values<Labels>(labels).map(({ buffer }) => buffer as ArrayBuffer);

interface Asked {
  resolve: (answer: ThreadAnswer) => void;
  reject: (error: Error) => void;
}

/** One thread; answers come in the order of the questions. */
class KernelThread {
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  #ended: Error | undefined;

  constructor(level: Kernels["level"]) {
    this.#worker = new Worker(new URL("../dist/kernel-thread.js", import.meta.url), { workerData: level });
    this.#worker.on("message", (answer: ThreadAnswer) => {
      const { resolve, reject } = this.#asked.shift() as Asked;
      if ("error" in answer) reject(new Error(answer.error));
      else resolve(answer);
    });
    const fail = (error: Error) => {
      this.#ended ??= error;
      for (const { reject } of this.#asked.splice(0)) reject(error);
    };
    this.#worker.on("error", fail);
    this.#worker.on("exit", () => fail(new Error("a thread of kernels ended")));
  }

  /** Tasks that it has not answered. */
  get waiting(): number {
    return this.#asked.length;
  }

  tell(circuit: Circuit): void {
    this.#worker.postMessage({ kind: "circuit", circuit } satisfies ThreadTask);
  }

  ask(task: ThreadTask, given: ArrayBuffer[]): Promise<ThreadAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(task, given);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
