import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type ByteStore, type StagedBytes, StoreUnavailable } from "./byte-store.ts";
import { inChunks } from "./chunks.ts";
import { answered, isConflict, isMissing, isRefused, isThere } from "./s3-errors.ts";
import { nameOf, type StoreLocation } from "./store-locations.ts";

/** Size of the parts of an upload, and how many are under way at once: their product is what an upload has in memory. */
const partBytes = 8 * 2 ** 20;
const partsAtOnce = 4;
/** A deletion waits with a transaction open, which Postgres ends after 12 s. */
const removeMs = 8_000;
/** Attempts to read on from where a connection broke, without a byte between. */
const readAttempts = 3;
const publishAttempts = 5;

/**
 * Artifacts in a bucket: `PREFIX/ab/abcdef…`. What is larger than a part is written to `PREFIX/staging/…` while it is hashed,
 * and copied to its name by the server, where nothing has that name (`If-None-Match: *`); what is smaller is hashed first, and
 * written under its name at once. An object appears whole or not at all. Objects of up to 5 GB, as the server copies.
 *
 * Credentials come from the SDK's own chain: the environment, profiles, the machine's or the pod's role.
 */
export function s3Bytes(where: Extract<StoreLocation, { type: "s3" }>): ByteStore {
  const { bucket: Bucket, prefix, endpoint, region } = where;
  const location = nameOf(where);
  const client = new S3Client({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true, region: region ?? "us-east-1" }),
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 30_000 },
  });
  const under = (...parts: string[]) => [prefix, ...parts].filter(Boolean).join("/");
  const keyOf = (sha256: string) => under(sha256.slice(0, 2), sha256);
  const staging = under("staging/");
  const ask = answered(location);

  const isPublished = async (Key: string): Promise<boolean> => {
    try {
      await ask(() => client.send(new HeadObjectCommand({ Bucket, Key })));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  };

  /**
   * Where the name is taken the bytes are there: that is no error. A server may refuse a body unread by closing on it, and the
   * broken connection hides the answer: so it is asked. Two that write a name at once may both be refused.
   */
  const publish = async (Key: string, send: () => Promise<unknown>): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await ask(send);
        return;
      } catch (error) {
        if (isThere(error)) return;
        if (error instanceof StoreUnavailable && (await isPublished(Key))) return;
        if (!isConflict(error) || attempt === publishAttempts) throw error;
      }
    }
  };

  const whole = (bytes: Uint8Array): StagedBytes => {
    const hash = createHash("sha256").update(bytes).digest();
    const sha256 = hash.toString("hex");
    const checked = { Body: bytes, ContentLength: bytes.length, ChecksumSHA256: hash.toString("base64") };
    const Key = keyOf(sha256);
    const object = { Bucket, Key, IfNoneMatch: "*", ...checked };
    return {
      sha256,
      bytes: bytes.length,
      publish: () => publish(Key, () => client.send(new PutObjectCommand(object))),
      discard: async () => {},
    };
  };

  const inParts = async (parts: AsyncIterable<Uint8Array>): Promise<StagedBytes> => {
    const Key = `${staging}${randomUUID()}`;
    const hash = createHash("sha256");
    let size = 0;
    const hashed = async function* () {
      for await (const part of parts) {
        hash.update(part);
        size += part.length;
        yield part;
      }
    };
    const Body = Readable.from(hashed(), { objectMode: true, highWaterMark: 1 });
    const upload = new Upload({ client, params: { Bucket, Key, Body }, partSize: partBytes, queueSize: partsAtOnce });
    await ask(() => upload.done());
    const sha256 = hash.digest("hex");
    const name = keyOf(sha256);
    const copy = { Bucket, CopySource: `${Bucket}/${encodeURI(Key)}`, Key: name, IfNoneMatch: "*" };
    return {
      sha256,
      bytes: size,
      publish: () => publish(name, () => client.send(new CopyObjectCommand(copy))),
      discard: () => remove(Key),
    };
  };

  const remove = async (Key: string): Promise<void> => {
    const abortSignal = AbortSignal.timeout(removeMs);
    await ask(() => client.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal }));
  };

  /** Uploads in parts that were neither completed nor given up. */
  const unfinished = async function* () {
    for (let more = true, KeyMarker: string | undefined, UploadIdMarker: string | undefined; more; ) {
      const page = await client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix: staging, KeyMarker, UploadIdMarker }),
      );
      yield* page.Uploads ?? [];
      ({ IsTruncated: more = false, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page);
    }
  };

  return {
    location,

    async stage(bytes) {
      const parts = inChunks(bytes, partBytes);
      const { value: first = Buffer.alloc(0) } = await parts.next();
      return first.length < partBytes ? whole(first) : inParts(from(first, parts));
    },

    async *read(sha256, { start, end }) {
      const Key = keyOf(sha256);
      for (let at = start, failures = 0; at < end; ) {
        const begun = at;
        try {
          const Range = `bytes=${at}-${end - 1}`;
          const { Body } = await ask(() => client.send(new GetObjectCommand({ Bucket, Key, Range })));
          for await (const piece of Body as Readable) {
            at += piece.length;
            yield piece;
          }
          if (at < end) throw new Error(`${location} ended an object ${end - at} bytes early`);
        } catch (error) {
          failures = at > begun ? 1 : failures + 1;
          if (failures === readAttempts || isRefused(error)) throw error;
        }
      }
    },

    remove: (sha256) => remove(keyOf(sha256)),

    async sweep(olderThanMs) {
      let swept = 0;
      const isOld = (date: Date | undefined) => (date?.getTime() ?? Date.now()) <= Date.now() - olderThanMs;
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix: staging })) {
        for (const { Key, LastModified } of Contents) {
          if (!isOld(LastModified)) continue;
          await remove(Key as string);
          swept += 1;
        }
      }
      for await (const { Key, UploadId, Initiated } of unfinished()) {
        if (!isOld(Initiated)) continue;
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
        swept += 1;
      }
      return swept;
    },
  };
}

async function* from(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
