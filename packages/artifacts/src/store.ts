/** Bytes `start` (inclusive) to `end` (exclusive) of an artifact. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredArtifact {
  /** Size of the whole artifact, whatever range was asked for. */
  bytes: number;
  mediaType: string;
  /** The bytes, read as they are consumed: nothing is fetched before, and at most one chunk is in memory. */
  body: AsyncIterable<Uint8Array>;
}

export interface PutInput {
  /** The attempt that the artifact is held for. */
  attemptId?: string | undefined;
  mediaType: string;
  bytes: AsyncIterable<Uint8Array>;
}

export interface PutResult {
  sha256: string;
  bytes: number;
}

/**
 * Immutable bytes named by their SHA-256. An upload that did not end is never served; the same bytes put twice, or by
 * two at once, are one artifact. Every store passes `artifactStoreConformance`.
 */
export interface ArtifactStore {
  /**
   * Stores `bytes` as they arrive and answers their name and size. With `attemptId` the artifact is also held for that
   * attempt, so that garbage collection spares it until a row refers to it or the attempt ends. Rejects, leaving
   * nothing visible, when `bytes` throws.
   */
  put(input: PutInput): Promise<PutResult>;
  /** Null when there is no such complete artifact. Throws RangeError when `range` is not within it. */
  get(sha256: string, range?: ByteRange): Promise<StoredArtifact | null>;
  has(sha256: string): Promise<boolean>;
  /**
   * Deletes what was last put more than `olderThanMs` ago and has neither hold nor reference, and uploads begun before
   * then that never ended. Outside Postgres that takes two calls, a grace time apart. Answers how many artifacts and uploads
   * are gone.
   */
  collectGarbage(olderThanMs: number): Promise<number>;
}
