import { Worker } from "node:worker_threads";
import { baseTransfers } from "./base-ot.ts";
import type { Circuit } from "./circuit.ts";
import { bandsOf, productsOf } from "./convolution-bands.ts";
import type { ChunkOfUnits, Garbled, InputLabels } from "./garbling.ts";
import type { Kernels } from "./kernels.ts";
import type { Delta, Labels } from "./labels.ts";
import type { ReceivedStrings, SentStrings } from "./random-transfers.ts";
import { concatenated, type RingVector } from "./ring.ts";
import type { ThreadAnswer, ThreadNews, ThreadTask } from "./thread-task.ts";

/** Products below which a band is not worth a thread: 2^21 take 0.2 ms on AVX2, and handing them over and back some 0.1. */
const bandProducts = 2 ** 21;

/**
 * Garbles and evaluates chunks, makes random transfers and convolves in threads of their own, each at the level of `own`, which
 * does the rest here. A chunk's labels, tables and corrections are given away, for a copy takes as long as the garbling: whoever
 * needs them again keeps one.
 */
export function threadedKernels(own: Kernels, threads: number): Kernels {
  const pool = Array.from({ length: threads }, () => new KernelThread(own.level));
  const tell = (news: ThreadNews) => {
    for (const thread of pool) thread.tell(news);
  };
  const circuits = numbering<Circuit>((circuit) => tell({ kind: "circuit", circuit }));
  const filtersOf = numbering<Int32Array>((filters) => tell({ kind: "filters", filters: shared(filters) }));
  const chunkOf = ({ circuit, hash, units }: ChunkOfUnits<string>) => ({
    circuit: circuits(circuit),
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
    async convolve(shape, filters, image) {
      const bands = bandsOf(shape, image, Math.min(threads, Math.floor(productsOf(shape) / bandProducts)));
      if (bands.length < 2) return own.convolve(shape, filters, image);
      const number = filtersOf(filters);
      const parts = bands.map(async (band) => {
        const task = { kind: "convolve", ...band, filters: number } as const;
        const answer = await idlest().ask(task, [band.image.buffer as ArrayBuffer]);
        return (answer as { convolved: RingVector }).convolved;
      });
      return concatenated(...(await Promise.all(parts)));
    },
    randomSender(delta, seeds, start = 0) {
      let from = start;
      return {
        async extend(corrections, keys) {
          const task = { kind: "send", delta, seeds, from, corrections, keys } as const;
          from += corrections.length / baseTransfers;
          const answer = await idlest().ask(task, [corrections.buffer as ArrayBuffer]);
          return (answer as { sent: SentStrings }).sent;
        },
      };
    },
    randomReceiver(seeds, start = 0) {
      let from = start;
      return {
        async extend(choices, keys) {
          const task = { kind: "receive", seeds, from, choices, keys } as const;
          from += choices.length;
          return ((await idlest().ask(task, [])) as { received: ReceivedStrings }).received;
        },
      };
    },
    async close() {
      await Promise.all(pool.map((thread) => thread.stop()));
    },
  };
}

/** Gives each thing that it has not seen a number, from 0 on, and tells of it. */
function numbering<T>(tell: (thing: T) => void): (thing: T) => number {
  const numbers = new Map<T, number>();
  return (thing) => {
    const known = numbers.get(thing);
    if (known !== undefined) return known;
    tell(thing);
    numbers.set(thing, numbers.size);
    return numbers.size - 1;
  };
}

/** In memory that all threads read. */
function shared(words: Int32Array): Int32Array {
  const out = new Int32Array(new SharedArrayBuffer(words.byteLength));
  out.set(words);
  return out;
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

  tell(news: ThreadNews): void {
    this.#worker.postMessage(news);
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
