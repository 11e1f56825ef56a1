import { availableParallelism } from "node:os";
import { ImageThread } from "./image-thread-handle.ts";
import type { ImageRequest, ImageStore } from "./images.ts";

/** Images of one thread's part of a batch at least, so that messages stay few. */
const imagesAtLeast = 4;

/**
 * Reads images in worker threads, so that training waits neither for a disk nor for a decoder. Threads start with the first
 * request and let the process end. Pixels take one: a batch of 128 read between two steps is 0.4 ms (32×32) or 1.0 ms
 * (64×64) that training waits, from a thread it is 0.02 ms. Encoded images are decoded by as many as it takes: a batch is
 * divided among the threads, which write into memory that all share, and there is one more, up to `most`, whenever a batch
 * is asked for while two others are not there yet.
 */
export class ImageThreads {
  private readonly store: ImageStore;
  private readonly most: number;
  private threads: ImageThread[] = [];
  private batchesPending = 0;
  private closed = false;

  /** @param most of encoded images' threads: unless given two a core, for some wait for a disk */
  constructor(store: ImageStore, most = 2 * availableParallelism()) {
    this.store = store;
    this.most = store.form === "pixels" ? 1 : most;
  }

  /** @throws DatasetError naming the sample and where it lies */
  async read(request: ImageRequest): Promise<Uint8Array> {
    if (this.closed) throw new Error("the data set is closed");
    this.grow();
    const { imageBytes } = this.store;
    const count = request.indices.length;
    const images = new Uint8Array(new SharedArrayBuffer(count * imageBytes));
    const each = Math.max(imagesAtLeast, Math.ceil(count / this.threads.length));
    const parts: Promise<void>[] = [];
    for (let first = 0; first < count; first += each) {
      const indices = request.indices.slice(first, first + each); // a message takes the whole memory of a view
      const part = images.subarray(first * imageBytes, (first + indices.length) * imageBytes);
      parts.push(this.leastBusy().read({ ...request, indices }, part));
    }
    this.batchesPending++;
    try {
      await Promise.all(parts);
    } finally {
      this.batchesPending--;
    }
    return images;
  }

  /** Requests that are not answered yet are refused. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.threads.map((thread) => thread.end()));
    for (const thread of this.threads) thread.refuse(new Error("the data set was closed"));
  }

  private grow(): void {
    const lagging = this.batchesPending >= 2 && this.threads.length < this.most;
    if (this.threads.length === 0 || lagging) this.threads.push(new ImageThread(this.store));
  }

  private leastBusy(): ImageThread {
    return this.threads.reduce((least, next) => (next.load < least.load ? next : least));
  }
}
