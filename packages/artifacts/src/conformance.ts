import { createHash } from "node:crypto";
import { afterEach, describe, expect, type TestOptions, test } from "vitest";
import type { ArtifactStore } from "./store.ts";

export interface ConformanceSubject {
  store: ArtifactStore;
  /** An attempt that has not ended and holds nothing. */
  attemptId: string;
  close(): Promise<void>;
}

/** The tests that every artifact store passes. `make` gives a new, empty store each time. */
export function artifactStoreConformance(
  name: string,
  make: () => Promise<ConformanceSubject>,
  options: TestOptions = {},
): void {
  describe(`artifact store on ${name}`, { timeout: 30_000, ...options }, () => {
    let subject: ConformanceSubject | undefined;
    const setup = async () => {
      subject = await make();
      const { store, attemptId } = subject;
      const put = (bytes: Buffer, piece = bytes.length || 1) =>
        store.put({ mediaType: "application/x-test", bytes: inPieces(bytes, piece) });
      return { store, attemptId, put };
    };
    afterEach(async () => {
      await subject?.close();
      subject = undefined;
    });

    test("bytes come back as they were put, named by their SHA-256", async () => {
      const { store, put } = await setup();
      const bytes = pattern(9_000_001);
      const { sha256, ...size } = await put(bytes, 65_537);
      expect({ sha256, ...size }).toEqual({ sha256: sha256Of(bytes), bytes: bytes.length });
      const found = await store.get(sha256);
      expect(found).toMatchObject({ bytes: bytes.length, mediaType: "application/x-test" });
      expect(sha256Of(await collect(found?.body))).toBe(sha256);
      expect(await store.has(sha256)).toBe(true);
    });

    test("an artifact may be empty", async () => {
      const { store, put } = await setup();
      const { sha256 } = await put(Buffer.alloc(0));
      const found = await store.get(sha256);
      expect(found?.bytes).toBe(0);
      expect(await collect(found?.body)).toHaveLength(0);
    });

    test("a range gives exactly its bytes, also across chunks, and must lie within", async () => {
      const { store, put } = await setup();
      const bytes = pattern(8_500_000);
      const { sha256 } = await put(bytes);
      for (const [start, end] of [
        [0, 1],
        [4_194_303, 4_194_305],
        [1_000, 8_400_000],
        [8_499_999, 8_500_000],
      ] as const) {
        const found = await store.get(sha256, { start, end });
        expect(found?.bytes).toBe(bytes.length);
        expect(sha256Of(await collect(found?.body))).toBe(sha256Of(bytes.subarray(start, end)));
      }
      await expect(store.get(sha256, { start: 5, end: 8_500_001 })).rejects.toThrow(RangeError);
      await expect(store.get(sha256, { start: 5, end: 5 })).rejects.toThrow(RangeError);
    });

    test("what was never put is not there", async () => {
      const { store } = await setup();
      expect(await store.get(sha256Of(pattern(3)))).toBeNull();
      expect(await store.has(sha256Of(pattern(3)))).toBe(false);
    });

    test("the same bytes put twice, or by several at once, are one artifact", async () => {
      const { store, put } = await setup();
      const bytes = pattern(5_000_000);
      const answers = await Promise.all([put(bytes), put(bytes, 1_000_003), put(bytes, 70_000)]);
      expect(new Set([...answers, await put(bytes)].map((answer) => answer.sha256)).size).toBe(1);
      expect(sha256Of(await collect((await store.get(sha256Of(bytes)))?.body))).toBe(sha256Of(bytes));
      expect(await store.collectGarbage(0)).toBe(1);
    });

    test("an upload whose source fails is rejected with its error and leaves nothing to serve", async () => {
      const { store } = await setup();
      const bytes = pattern(5_000_000);
      const broken = (async function* () {
        for (let piece = 0; piece < 3; piece += 1) yield bytes; // longer than a part of any store
        throw new Error("the connection went away");
      })();
      await expect(store.put({ mediaType: "text/plain", bytes: broken })).rejects.toThrow("the connection went away");
      expect(await store.has(sha256Of(bytes))).toBe(false);
      expect(await store.collectGarbage(0)).toBe(0);
    });

    test("garbage is what is old and neither held nor referred to", async () => {
      const { store, attemptId, put } = await setup();
      const held = await store.put({ attemptId, mediaType: "text/plain", bytes: inPieces(pattern(10), 10) });
      const garbage = await put(pattern(11));
      expect(await store.collectGarbage(60_000)).toBe(0);
      expect(await store.collectGarbage(0)).toBe(1);
      expect([await store.has(held.sha256), await store.has(garbage.sha256)]).toEqual([true, false]);
    });

    test("an attempt's hold is taken also when the bytes were already there", async () => {
      const { store, attemptId, put } = await setup();
      const { sha256 } = await put(pattern(12));
      await store.put({ attemptId, mediaType: "text/plain", bytes: inPieces(pattern(12), 5) });
      expect(await store.collectGarbage(0)).toBe(0);
      expect(await store.has(sha256)).toBe(true);
    });
  });
}

const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Bytes without a short period, so that swapped or repeated chunks show. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = i * 31 + (i >> 8) * 17 + (i >> 16);
  return bytes;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  return Buffer.concat(pieces);
}
