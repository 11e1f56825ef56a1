import { Worker } from "node:worker_threads";
import type { ParquetAnswer, ParquetRequest } from "./parquet-thread.ts";

/** The compiled one, from the sources too: a thread loads no TypeScript. */
const script = new URL("../../dist/layouts/parquet-thread.js", import.meta.url);

/** Of values that are no bytes: a group of rows of a broken table can claim billions. */
const mostMegabytes = 1024;

/** How many times as long as it may compute an answer may take where others have the processors. */
const patience = 10;

interface Waiting {
  resolve(answer: ParquetAnswer): void;
  reject(error: unknown): void;
}

/**
 * The thread that reads Parquet, from without. It is asked one thing after another, lets the process end while nobody waits,
 * and is ended when it takes too long: the next question goes to a new one.
 */
class ParquetThread {
  private worker: Worker | null = null;
  private waiting: Waiting | null = null;
  private last: Promise<unknown> = Promise.resolve();

  /** @throws Error saying what is wrong with the file, or that it takes more than so many seconds of processor time */
  ask(request: ParquetRequest, seconds: number): Promise<Exclude<ParquetAnswer, { problem: string }>> {
    const answer = this.last.then(() => this.askNext(request, seconds));
    this.last = answer.catch(() => {});
    return answer;
  }

  private async askNext(request: ParquetRequest, seconds: number) {
    const worker = this.worker ?? this.started();
    worker.ref(); // somebody waits
    const slow = new Error(`reading it takes more than ${seconds} s`);
    const timer = whenComputed(seconds, () => this.waiting?.reject(slow));
    try {
      const answer = await new Promise<ParquetAnswer>((resolve, reject) => {
        this.waiting = { resolve, reject };
        worker.postMessage(request);
      });
      worker.unref();
      if ("problem" in answer) throw new Error(answer.problem.replace(/^Error: /, ""));
      return answer;
    } catch (error) {
      if (error === slow) await this.end();
      throw error;
    } finally {
      clearInterval(timer);
      this.waiting = null;
    }
  }

  private started(): Worker {
    const worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: mostMegabytes } });
    const ended = (error: unknown) => {
      if (this.worker === worker) this.worker = null;
      this.waiting?.reject(error);
    };
    worker
      .on("message", (answer: ParquetAnswer) => this.waiting?.resolve(answer))
      .on("error", ended)
      .on("exit", () => ended(new Error("the thread that reads it has ended")));
    this.worker = worker;
    return worker;
  }

  private async end(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    this.waiting = null; // its end is no news
    await worker?.terminate();
  }
}

/** Looks four times in so many seconds whether this process has computed that long, or that long was over `patience` times. */
function whenComputed(seconds: number, then: () => void): NodeJS.Timeout {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  return setInterval(() => {
    const { user, system } = process.cpuUsage(cpu);
    if (user + system >= 1e6 * seconds || performance.now() - begun >= 1_000 * patience * seconds) then();
  }, 250 * seconds);
}

/** One for the process. */
export const parquetThread = new ParquetThread();
