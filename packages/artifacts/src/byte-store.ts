import type { ByteRange } from "./store.ts";

/** Bytes that a store has taken, and serves to nobody yet. */
export interface StagedBytes {
  sha256: string;
  bytes: number;
  /** Makes them readable by their SHA-256, all at once; where they are already, nothing changes. */
  publish(): Promise<void>;
  /** Removes what staging left. Harmless when there is nothing. */
  discard(): Promise<void>;
}

/**
 * Bytes outside Postgres, by their SHA-256: a bucket, a folder. Which of them are artifacts, and may be served, is known in
 * Postgres alone. Every method throws StoreUnavailable while the store does not answer.
 */
export interface ByteStore {
  /** Names it in Postgres' rows, for good: `s3://bucket/prefix`, `file:///mnt/artifacts`. */
  readonly location: string;
  /** Writes bytes aside, hashing them. Rejects with the error of `bytes` where that throws, and leaves nothing. */
  stage(bytes: AsyncIterable<Uint8Array>): Promise<StagedBytes>;
  /** The bytes from `start` to `end`, read as they are consumed. */
  read(sha256: string, range: ByteRange): AsyncIterable<Uint8Array>;
  /** Harmless when they are not there. Ends within 10 s, since its caller has a transaction open. */
  remove(sha256: string): Promise<void>;
  /** Removes what was staged more than `olderThanMs` ago by a process that is gone; answers how many uploads that were. */
  sweep(olderThanMs: number): Promise<number>;
}

/** A store does not answer, or has too much to do: the same call may succeed later. */
export class StoreUnavailable extends Error {
  constructor(location: string, options: { cause: unknown }) {
    const { message } = options.cause as Error;
    super(`the artifact store ${location} does not answer: ${message}`, options);
    this.name = "StoreUnavailable";
  }
}
