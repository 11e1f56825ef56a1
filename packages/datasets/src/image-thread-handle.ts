import { Worker } from "node:worker_threads";
import { DatasetError } from "./errors.ts";
import type { ImageThreadRequest, ImageThreadResponse } from "./image-thread.ts";
import type { ImageRequest, ImageStore } from "./images.ts";

/** The compiled one, from the sources too: a thread loads no TypeScript. */
const script = new URL("../dist/image-thread.js", import.meta.url);

interface Pending {
  images: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** A thread that reads images, from without. It lets the process end while nobody waits for it. */
export class ImageThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  /** Why it answers no more. */
  private ended: unknown = null;
  /** Images not read yet. */
  load = 0;

  constructor(store: ImageStore) {
    this.worker = new Worker(script, { workerData: store })
      .on("message", (answer: ImageThreadResponse) => this.onMessage(answer))
      .on("error", (error) => this.refuse(error))
      .on("exit", () => this.refuse(new Error("the thread that reads images has ended")));
    this.worker.unref();
  }

  /** @param images shared memory that takes them */
  async read(request: ImageRequest, images: Uint8Array): Promise<void> {
    if (this.ended) throw this.ended;
    const id = this.nextId++;
    this.worker.ref(); // somebody waits
    return new Promise((resolve, reject) => {
      this.pending.set(id, { images: request.indices.length, resolve, reject });
      this.load += request.indices.length;
      this.worker.postMessage({ ...request, id, images } satisfies ImageThreadRequest);
    });
  }

  /** Ends it. What it has not read is refused by `refuse`, once nobody has to wait for another thread's end. */
  async end(): Promise<void> {
    this.worker.removeAllListeners("exit");
    await this.worker.terminate();
  }

  /** Refuses what is asked for, now and from now on. */
  refuse(reason: unknown): void {
    this.ended ??= reason;
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }

  private onMessage(answer: ImageThreadResponse): void {
    const waiting = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    this.load -= waiting?.images ?? 0;
    if (this.pending.size === 0) this.worker.unref();
    if ("refusal" in answer) waiting?.reject(new DatasetError(answer.refusal.problem, answer.refusal));
    else if ("error" in answer) waiting?.reject(answer.error);
    else waiting?.resolve();
  }
}
