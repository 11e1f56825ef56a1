import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Channel, ChannelError } from "./channel.ts";
import { headerBytes, headerOf } from "./frame.ts";
import { channelAndSocket, channelPair } from "./test-channels.ts";

const failure = (promise: Promise<unknown>): Promise<ChannelError> =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
const messageOf = (type: "labels" | "colors", payload: Uint8Array, sequence = 0) =>
  Buffer.concat([headerOf({ type, bytes: payload.length, sequence }), payload]);
const closeBoth = (ends: Channel[]) => Promise.all(ends.map((end) => end.close()));

describe("a channel", () => {
  it("carries messages of any length in their order, both ways at once", async () => {
    const [near, far] = await channelPair();
    const large = randomBytes(5_000_000);
    const sending = [near.send("tables", large), far.send("corrections", large)];
    const [tables, corrections] = await Promise.all([
      far.receive("tables", large.length),
      near.receive("corrections", large.length),
      ...sending,
    ]);
    await near.send("nonce", new Uint8Array(16).fill(7));
    await near.send("hello", new Uint8Array(0));
    expect([large.equals(tables), large.equals(corrections)]).toEqual([true, true]);
    expect(await far.receive("nonce", 16)).toEqual(new Uint8Array(16).fill(7));
    expect(await far.receive("hello", 0)).toEqual(new Uint8Array(0));
    await closeBoth([near, far]);
  });

  it("counts bytes with their headers, and a round for each answer that was awaited", async () => {
    const [near, far] = await channelPair();
    await near.send("nonce", new Uint8Array(16));
    await near.send("offer", new Uint8Array(32));
    await far.receive("nonce", 16);
    await far.receive("offer", 32);
    await far.send("choices", new Uint8Array(100));
    await near.receive("choices", 100);
    const earlier = near.transcript.total;
    expect(earlier).toEqual({ bytesSent: 48 + 2 * headerBytes, bytesReceived: 100 + headerBytes, rounds: 1 });
    expect(far.transcript.total.rounds).toBe(0);
    await far.send("colors", new Uint8Array(3));
    await near.receive("colors", 3);
    expect(near.transcript.since(earlier)).toEqual({ bytesSent: 0, bytesReceived: 3 + headerBytes, rounds: 0 });
    await closeBoth([near, far]);
  });

  it.each([
    ["of another type", messageOf("colors", Buffer.alloc(8)), "the peer sent colors where labels was due"],
    ["of no type", Buffer.alloc(9, 0), "the peer sent a message of unknown type 0 where labels was due"],
    [
      "longer than was agreed",
      messageOf("labels", Buffer.alloc(9)),
      "the peer sent labels of 9 bytes where 8 were due",
    ],
    ["of 4 GiB", Buffer.concat([Buffer.alloc(4, 255), Buffer.of(13), Buffer.alloc(4)]), "4294967295 bytes where 8"],
    ["out of order", messageOf("labels", Buffer.alloc(8), 1), "the peer sent message 1 where 0 was due"],
  ])("ends at a message %s", async (_, bytes, said) => {
    const [near, far] = await channelAndSocket();
    far.write(bytes);
    const error = await failure(near.receive("labels", 8));
    expect([error.name, error.reason]).toEqual(["ChannelError", "malformed"]);
    expect(error.message).toContain(said);
    expect(await failure(near.send("colors", Buffer.alloc(1)))).toBe(error);
    expect(await failure(near.receive("labels", 8))).toBe(error);
    far.destroy();
  });

  it("ends at a message that comes a second time", async () => {
    const [near, far] = await channelAndSocket();
    const message = messageOf("labels", Buffer.alloc(8));
    far.write(Buffer.concat([message, message]));
    await near.receive("labels", 8);
    expect((await failure(near.receive("labels", 8))).message).toBe("the peer sent message 0 where 1 was due");
    far.destroy();
  });

  it("ends where the peer goes in the middle of a message", async () => {
    const [near, far] = await channelAndSocket();
    far.end(messageOf("labels", Buffer.alloc(8)).subarray(0, 12));
    expect(await failure(near.receive("labels", 8))).toMatchObject({
      reason: "closed",
      message: "the peer closed the connection",
    });
  });

  it("ends where the peer says nothing, and where it reads nothing", async () => {
    const [silent, silentPeer] = await channelAndSocket({ timeoutMs: 20 });
    expect(await failure(silent.receive("labels", 8))).toMatchObject({
      reason: "timeout",
      message: "the peer did not send labels within 20 ms",
    });
    const [blocked, blockedPeer] = await channelAndSocket({ timeoutMs: 20 });
    blockedPeer.pause();
    const error = await failure(blocked.send("tables", Buffer.alloc(10_000_000)));
    expect(error).toMatchObject({ reason: "timeout", message: "the peer did not take tables within 22 ms" });
    for (const socket of [silentPeer, blockedPeer]) socket.destroy();
  });

  it("ends where the peer sends a message byte by byte", async () => {
    const [near, far] = await channelAndSocket({ timeoutMs: 20 });
    const bytes = [...messageOf("labels", Buffer.alloc(8))];
    far.on("error", () => {}); // a byte that comes when the channel has ended already
    const drip = setInterval(() => far.write(Buffer.of(bytes.shift() ?? 0)), 5);
    expect(await failure(near.receive("labels", 8))).toMatchObject({
      reason: "timeout",
      message: "the peer did not send labels within 20 ms",
    });
    clearInterval(drip);
    far.destroy();
  });

  it("reads no more from a peer than it awaits", async () => {
    const [near, far] = await channelAndSocket({ timeoutMs: 2_000 });
    const flood = Buffer.alloc(50_000_000);
    far.write(flood);
    await failure(near.receive("labels", 8));
    expect(far.bytesWritten - far.writableLength).toBeLessThan(flood.length);
    far.destroy();
  });

  it("takes no message beyond 64 MiB, from itself neither", async () => {
    const [near, far] = await channelPair();
    await expect(near.receive("tables", 2 ** 27)).rejects.toThrow("at most 64 MiB");
    await closeBoth([near, far]);
  });
});

describe("10,000 malformed messages", () => {
  /** A message that an honest peer would send, then bent in one of many ways. */
  function bent(random: Uint8Array): { bytes: Uint8Array; valid: boolean } {
    const [way = 0, at = 0, value = 0, cut = 0] = random;
    const payload = random.subarray(4, 12);
    const message = messageOf("labels", payload);
    if (way % 4 === 0) {
      const index = at % headerBytes;
      const changed = value || 1;
      message[index] = (message[index] as number) ^ changed;
      return { bytes: message, valid: false };
    }
    if (way % 4 === 1) return { bytes: message.subarray(0, cut % message.length), valid: false };
    if (way % 4 === 2) return { bytes: random.subarray(0, 9 + (cut % 20)), valid: false };
    return { bytes: Buffer.concat([message, random.subarray(0, 9)]), valid: true };
  }

  /** A socket of nothing but these bytes, then its end: ten thousand real ones would take a minute. */
  it("end the session with a clear error, or are what was due", async () => {
    const { Duplex } = await import("node:stream");
    const { Channel, ChannelError } = await import("./channel.ts");
    const found = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const { bytes, valid } = bent(randomBytes(40));
      const socket = new Duplex({ read() {}, write: (_, __, done) => done() });
      socket.push(bytes);
      socket.push(null);
      const channel = new Channel(socket, { peer: "peer", timeoutMs: 1_000 });
      const first = await channel.receive("labels", 8).then(
        () => "received",
        (error) => error,
      );
      if (valid) expect(first).toBe("received");
      const error = valid ? await failure(channel.receive("labels", 8)) : first;
      if (!(error instanceof ChannelError)) throw new Error(`message ${i} gave ${String(error)}`);
      expect(error.message).toMatch(/^the peer (sent|closed the connection)/);
      found.set(error.reason, (found.get(error.reason) ?? 0) + 1);
    }
    expect([...found.keys()].sort()).toEqual(["closed", "malformed"]);
  });
});
