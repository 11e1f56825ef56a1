import { once } from "node:events";
import { createConnection, createServer, type ListenOptions, type NetConnectOpts, type Socket } from "node:net";
import { Channel, ChannelError, defaultTimeoutMs } from "./channel.ts";

interface Options {
  /** What errors call the other end. */
  peer: string;
  /** How long to wait for the peer, and for each message. */
  timeoutMs?: number;
  /** How long for each message, where that is longer. */
  messageTimeoutMs?: number;
}

/** Waits for one peer at an address, and listens no longer. `onListening` says that a peer may come. */
export async function acceptOne(
  listen: ListenOptions,
  { onListening, ...options }: Options & { onListening?: () => void },
): Promise<Channel> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(listen);
  try {
    await once(server, "listening");
    onListening?.();
    const [socket] = (await within(options, (signal) => once(server, "connection", { signal }))) as [Socket];
    socket.setNoDelay(true);
    return channelOn(socket, options);
  } finally {
    server.close();
  }
}

export async function connect(to: NetConnectOpts, options: Options): Promise<Channel> {
  const socket = createConnection(to);
  try {
    await within(options, (signal) => once(socket, "connect", { signal }));
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setNoDelay(true);
  return channelOn(socket, options);
}

const channelOn = (socket: Socket, { peer, timeoutMs, messageTimeoutMs = timeoutMs }: Options): Channel =>
  new Channel(socket, { peer, timeoutMs: messageTimeoutMs });

async function within<T>(
  { peer, timeoutMs = defaultTimeoutMs }: Options,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await wait(AbortSignal.timeout(timeoutMs));
  } catch (cause) {
    if (!(cause instanceof Error && cause.name === "AbortError"))
      throw new ChannelError("closed", `there is no way to the ${peer}`, { cause });
    throw new ChannelError("timeout", `the ${peer} did not connect within ${timeoutMs} ms`, { cause });
  }
}
