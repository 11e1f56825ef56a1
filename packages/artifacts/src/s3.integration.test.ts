import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noS3Server, type S3Server, startS3Server } from "../../../test/s3-server.ts";
import { skipFor } from "../../../test/skip-for.ts";
import { openArtifacts } from "./artifacts.ts";
import { type ByteStore, StoreUnavailable } from "./byte-store.ts";
import { openStores } from "./configured.ts";
import { artifactStoreConformance } from "./conformance.ts";
import { parseLocations } from "./store-locations.ts";
import { databaseWithAttempt } from "./testing/database-with-attempt.ts";

let server: S3Server | undefined;
beforeAll(async () => {
  if (noS3Server === null) server = await startS3Server();
});
afterAll(() => server?.stop());

const open = async (location: string): Promise<ByteStore> => {
  const { stores } = await openStores(parseLocations(location, "RELUCTANT_ARTIFACTS"));
  return stores[0] as ByteStore;
};
const bucket = async () => open((await server?.bucket()) as string);

artifactStoreConformance(
  "S3",
  async () => {
    const bytes = await bucket();
    const { db, attemptId, close } = await databaseWithAttempt();
    const store = openArtifacts(db, { writeTo: bytes, stores: [bytes], graceMs: 0 });
    return { store, attemptId, close };
  },
  skipFor(noS3Server),
);

describe("a bucket", skipFor(noS3Server), () => {
  const large = async function* () {
    for (let part = 0; part < 3; part += 1) yield Buffer.alloc(5_000_000, part);
  };

  test("what is there already is published again without harm", async () => {
    const store = await bucket();
    for (const bytes of [large, small]) {
      const [one, other] = await Promise.all([store.stage(bytes()), store.stage(bytes())]);
      expect(one.sha256).toBe(other.sha256);
      await Promise.all([one.publish(), other.publish()]);
      await one.publish();
      const found = [];
      for await (const piece of store.read(one.sha256, { start: 0, end: one.bytes })) found.push(piece);
      expect(Buffer.concat(found).length).toBe(one.bytes);
      await one.discard();
      await other.discard();
    }
  });

  test("what was staged and never ended is swept", async () => {
    const store = await bucket();
    await store.stage(large());
    expect(await store.sweep(60_000)).toBe(0);
    expect(await store.sweep(-60_000)).toBe(1);
    expect(await store.sweep(-60_000)).toBe(0);
  });

  test("a server that refuses what it has by closing on its bytes has them", async () => {
    const has = createServer((request, response) => {
      if (request.method === "HEAD") response.end();
      else request.socket.resetAndDestroy();
    });
    const { port } = (await once(has.listen(0, "127.0.0.1"), "listening").then(() => has.address())) as AddressInfo;
    const store = await open(`s3://bucket/prefix?endpoint=http://127.0.0.1:${port}`);
    await expect((await store.stage(small())).publish()).resolves.toBeUndefined();
    has.close();
  });

  test("a server that does not answer is unavailable", async () => {
    const store = await open("s3://bucket/prefix?endpoint=http://127.0.0.1:9");
    const staged = await store.stage(small());
    await expect(staged.publish()).rejects.toThrow(StoreUnavailable);
    await expect(staged.publish()).rejects.toThrow(/s3:\/\/bucket\/prefix does not answer/);
  });
});

async function* small() {
  yield Buffer.from("a few bytes");
}
