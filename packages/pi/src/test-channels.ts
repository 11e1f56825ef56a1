import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Channel } from "./channel.ts";
import { acceptOne } from "./connect.ts";

/** A channel over a unix socket of its own, and the bare socket at its other end, to say what no honest peer would; tests only. */
export async function channelAndSocket(options: { timeoutMs?: number } = {}): Promise<[near: Channel, far: Socket]> {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-channel-"));
  const path = join(folder, "socket");
  let far: Socket | undefined;
  const onListening = () => {
    far = createConnection({ path });
  };
  const near = await acceptOne({ path }, { peer: "peer", ...options, onListening });
  await rm(folder, { recursive: true });
  return [near, far as Socket];
}

/** Both ends of a channel; tests only. */
export async function channelPair(options: { timeoutMs?: number } = {}): Promise<[near: Channel, far: Channel]> {
  const [near, socket] = await channelAndSocket(options);
  return [near, new Channel(socket, { peer: "peer", ...options })];
}
