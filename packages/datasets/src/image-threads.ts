import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { DatasetError } from "./errors.ts";
import type { ImageThreadRequest, ImageThreadResponse } from "./image-thread.ts";
import type { ImageRequest, ImageStore } from "./images.ts";

/** The compiled one, from the sources too: a thread loads no TypeScript. */
const script = new URL("../dist/image-thread.js", import.meta.url);

/**
 * Reads images in worker threads, so that training waits neither for a disk nor for a decoder. Threads start with the first
 * request and let the process end. Pixels take one: a batch of 128 read between two steps is 0.4 ms (32×32) or 1.0 ms
 * (64×64) that training waits, from a thread it is 0.02 ms. Encoded images are decoded by libuv's pool, of UV_THREADPOOL_SIZE
 * threads; ours that feed it take a seventh of what decoding takes, so there is one for every four cores, up to four.
 */
export class ImageThreads {
  private readonly store: ImageStore;
  private threads: ImageThread[] | null = null;
  private closed = false;

  constructor(store: ImageStore) {
    this.store = store;
  }

  /** @throws DatasetError naming the sample and where it lies */
  async read(request: ImageRequest): Promise<Uint8Array> {
    if (this.closed) throw new Error("the data set is closed");
    this.threads ??= Array.from({ length: threadsFor(this.store) }, () => new ImageThread(this.store));
    return this.threads.reduce((least, next) => (next.load < least.load ? next : least)).read(request);
  }

  /** Requests that are not answered yet are refused. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all((this.threads ?? []).map((thread) => thread.close()));
  }
}

const threadsFor = ({ form }: ImageStore): number =>
  form === "pixels" ? 1 : Math.min(4, Math.ceil(availableParallelism() / 4));

class ImageThread {
  private readonly worker: Worker;
  private readonly pending = new Map<
    number,
    { resolve: (images: Uint8Array) => void; reject: (error: unknown) => void }
  >();
  private nextId = 0;
  /** Why it answers no more. */
  private ended: unknown = null;

  constructor(store: ImageStore) {
    this.worker = new Worker(script, { workerData: store })
      .on("message", (answer: ImageThreadResponse) => this.onMessage(answer))
      .on("error", (error) => this.end(error))
      .on("exit", () => this.end(new Error("the data set was closed")));
    this.worker.unref();
  }

  /** Requests not answered yet. */
  get load(): number {
    return this.pending.size;
  }

  async read(request: ImageRequest): Promise<Uint8Array> {
    if (this.ended) throw this.ended;
    const id = this.nextId++;
    this.worker.ref(); // somebody waits
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      const indices = request.indices.slice(); // a message takes the whole memory of a view
      this.worker.postMessage({ ...request, id, indices } satisfies ImageThreadRequest);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private onMessage(answer: ImageThreadResponse): void {
    const waiting = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if (this.pending.size === 0) this.worker.unref();
    if ("images" in answer) waiting?.resolve(answer.images);
    else waiting?.reject("error" in answer ? answer.error : new DatasetError(answer.refusal.problem, answer.refusal));
  }

  private end(reason: unknown): void {
    this.ended ??= reason;
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }
}
