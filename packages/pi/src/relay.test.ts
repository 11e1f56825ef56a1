import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { NetworkProfile } from "./network-profile.ts";
import { startRelay } from "./relay.ts";

/** A server that sends back what it gets, behind a relay; tells how long bytes take to come back. */
async function echoBehind(profile: NetworkProfile, run: (socket: Socket) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-relay-"));
  const target = { path: join(folder, "target") };
  const server = createServer((socket) => socket.pipe(socket)).listen(target.path);
  await once(server, "listening");
  const relay = await startRelay({ listen: { path: join(folder, "relay") }, target, profile });
  const socket = createConnection(relay.address);
  try {
    await run(socket);
  } finally {
    socket.destroy();
    await relay.close();
    server.close();
    await rm(folder, { recursive: true });
  }
}

async function echo(socket: Socket, payload: Buffer): Promise<{ back: Buffer; ms: number }> {
  const start = performance.now();
  socket.write(payload);
  const parts: Buffer[] = [];
  for (let bytes = 0; bytes < payload.length; ) {
    const [part] = (await once(socket, "data")) as [Buffer];
    parts.push(part);
    bytes += part.length;
  }
  return { back: Buffer.concat(parts), ms: performance.now() - start };
}

describe("a relay", () => {
  it("delays each way by half the round trip, and changes no byte", async () => {
    await echoBehind({ bitsPerSecond: 1e9, roundTripMs: 30 }, async (socket) => {
      const { back, ms } = await echo(socket, Buffer.from("hello"));
      expect(back.toString()).toBe("hello");
      expect(ms).toBeGreaterThanOrEqual(30);
    });
  });

  it("passes on no more bits a second than the network has", async () => {
    await echoBehind({ bitsPerSecond: 50e6, roundTripMs: 0 }, async (socket) => {
      const payload = Buffer.alloc(500_000, "pattern");
      const { back, ms } = await echo(socket, payload);
      expect(back.equals(payload)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(80); // 4 million bits at 50 million a second
    });
  });
});
