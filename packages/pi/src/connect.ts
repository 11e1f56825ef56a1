import { once } from "node:events";
import { createConnection, createServer, type ListenOptions, type NetConnectOpts, type Socket } from "node:net";
import { Channel } from "./channel.ts";

/** Waits for one peer at an address, and listens no longer. `onListening` says that a peer may come. */
export async function acceptOne(
  listen: ListenOptions,
  options: { peer: string; timeoutMs?: number; onListening?: () => void },
): Promise<Channel> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(listen);
  await once(server, "listening");
  options.onListening?.();
  const [socket] = (await once(server, "connection")) as [Socket];
  server.close();
  socket.setNoDelay(true);
  return new Channel(socket, options);
}

export async function connect(to: NetConnectOpts, options: { peer: string; timeoutMs?: number }): Promise<Channel> {
  const socket = createConnection(to);
  await once(socket, "connect");
  socket.setNoDelay(true);
  return new Channel(socket, options);
}
