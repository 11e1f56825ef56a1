import { once } from "node:events";
import { createConnection, createServer, type ListenOptions, type NetConnectOpts, type Socket } from "node:net";
import type { NetworkProfile } from "./network-profile.ts";

/** Bytes that may wait in one direction before the sender is held: the queue of a router. */
const queueBytes = 4 * 2 ** 20;

/**
 * A network in user space: takes connections and passes their bytes on to `target`, each way at the profile's rate and
 * half its round trip later, for real. (`tc netem` asks for rights and a kernel module that a container lacks.)
 */
export async function startRelay(options: {
  listen: ListenOptions;
  target: NetConnectOpts;
  profile: NetworkProfile;
}): Promise<{ address: NetConnectOpts; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = createConnection({ ...options.target, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {
        near.destroy();
        far.destroy();
      });
    }
    passOn(near, far, options.profile);
    passOn(far, near, options.profile);
  });
  server.listen(options.listen);
  await once(server, "listening");
  const at = server.address();
  const address = typeof at === "string" ? { path: at } : { host: "127.0.0.1", port: at?.port ?? 0 };
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return { address, close };
}

/** One direction. A chunk leaves the link when those before it have, and arrives half a round trip later. */
function passOn(from: Socket, to: Socket, { bitsPerSecond, roundTripMs }: NetworkProfile): void {
  const waiting: { arrivesAt: number; chunk: Buffer | null }[] = [];
  let linkFreeAt = 0;
  let queued = 0;
  let scheduled = false;
  const deliver = () => {
    scheduled = false;
    while (waiting[0] && waiting[0].arrivesAt <= performance.now()) {
      const { chunk } = waiting.shift() as (typeof waiting)[number];
      if (!chunk) return to.end();
      queued -= chunk.length;
      to.write(chunk);
    }
    if (queued < queueBytes) from.resume();
    schedule();
  };
  // A timer fires a millisecond late or more: what is nearer than two is awaited turn by turn of the event loop.
  const schedule = () => {
    if (scheduled || !waiting[0]) return;
    scheduled = true;
    const wait = waiting[0].arrivesAt - performance.now();
    if (wait > 2) setTimeout(deliver, wait - 1);
    else setImmediate(deliver);
  };
  const enter = (chunk: Buffer | null) => {
    const bits = 8 * (chunk?.length ?? 0);
    linkFreeAt = Math.max(linkFreeAt, performance.now()) + (1000 * bits) / bitsPerSecond;
    waiting.push({ arrivesAt: linkFreeAt + roundTripMs / 2, chunk });
    queued += chunk?.length ?? 0;
    if (queued >= queueBytes) from.pause();
    schedule();
  };
  from.on("data", enter);
  from.on("end", () => enter(null));
}
