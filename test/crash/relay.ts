import { createConnection, createServer, type Socket } from "node:net";

/** A way to a server that can be cut, as a network is: in user space, so that it needs no rights and no tool. */
export interface Relay {
  /** The URL of the server, by this way. */
  readonly url: string;
  /** Nothing passes, and nobody is told: what a lost network looks like. */
  silence(): void;
  /** What was held back passes, in order. */
  open(): void;
  /** Resets every connection that there is; the next ones pass. */
  cut(): void;
  /** The way leads to another server from now on; connections to the one before are reset. */
  turnTo(url: string): void;
  close(): void;
}

interface RelayOptions {
  /** Asked before each answer is passed on: true resets its connection instead. */
  fails?: () => boolean;
}

export async function startRelay(url: string, { fails = () => false }: RelayOptions = {}): Promise<Relay> {
  let target = new URL(url);
  let silent = false;
  const pairs = new Set<[Socket, Socket]>();
  const end = ([client, server]: [Socket, Socket]) => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const hush = (pair: [Socket, Socket]) => {
    for (const socket of pair)
      if (silent) socket.pause();
      else socket.resume();
  };
  const relay = createServer((client) => {
    const server = createConnection({ host: target.hostname, port: Number(target.port) });
    const pair: [Socket, Socket] = [client, server];
    pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        if (from === server && fails()) return end(pair);
        to.write(bytes);
      });
      from.on("error", () => to.destroy());
      from.on("end", () => to.end());
      from.on("close", () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
    hush(pair);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const { port } = relay.address() as { port: number };
  const cut = () => pairs.forEach(end);
  return {
    url: Object.assign(new URL(url), { hostname: "127.0.0.1", port: String(port) }).href,
    silence() {
      silent = true;
      pairs.forEach(hush);
    },
    open() {
      silent = false;
      pairs.forEach(hush);
    },
    cut,
    turnTo(next) {
      target = new URL(next);
      cut();
    },
    close() {
      relay.close();
      cut();
    },
  };
}
