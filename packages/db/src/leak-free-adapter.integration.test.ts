import { randomBytes } from "node:crypto";
import { setImmediate as othersTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { adHoc } from "./statement.ts";

const db = openDatabase(process.env.TEST_DATABASE_URL as string);
afterAll(() => db.close());

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Of strings and objects, and of bytes beside them. */
async function megabytesInUse(): Promise<number> {
  collectGarbage();
  await othersTurn(); // what only sockets held is let go of, and collected by the second
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}

test.each([
  ["raw bytes", (bytes: Buffer) => db.prisma.$queryRaw`select octet_length(${bytes}::bytea)`],
  ["raw text", (bytes: Buffer) => db.prisma.$queryRaw`select length(${bytes.toString("base64")}::text)`],
  [
    "statements in transactions",
    (bytes: Buffer) => db.tx((t) => t.many(adHoc("select octet_length(:bytes::bytea)"), { bytes })),
  ],
  [
    "a statement that fails",
    (bytes: Buffer) => db.prisma.$executeRaw`select nothing, ${bytes}::bytea`.catch(() => undefined),
  ],
])("the values of many large statements leave the memory: %s", async (_, send) => {
  for (let sent = 0; sent < 100; sent++) await db.prisma.$queryRaw`select 1`; // what an earlier test left is pushed out
  const before = await megabytesInUse();
  for (let sent = 0; sent < 20; sent++) await send(randomBytes(2_000_000));
  expect((await megabytesInUse()) - before).toBeLessThan(20); // kept, they would be more than 50
});
