/** A private Redis on 127.0.0.1, its append-only file in a folder of ours. */
import { randomBytes } from "node:crypto";
import { chown, mkdir, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { freePort, serverIdentity } from "./machine.ts";
import { createProcess, type Part, ProcessFailed, type ProcessSpec } from "./processes.ts";
import { redisProgram } from "./redis-programs.ts";

export interface RedisOptions {
  /** Holds the append-only file and `redis.log`; what is there already is loaded. */
  readonly dir: string;
  /** True for tests: nothing is flushed to disk, so data survives a killed process, but not a power cut. */
  readonly ephemeral: boolean;
  /** A free one when absent. */
  readonly port?: number | undefined;
  readonly onCrash?: ProcessSpec["onCrash"];
}

export interface RedisServer extends Part {
  readonly url: string;
  /** Sends one command and answers the first line of the reply, for instance `+PONG`. */
  ask(command: string): Promise<string>;
  /** Afterwards Redis holds nothing: FLUSHALL when it runs, its files removed when it does not. */
  flush(): Promise<void>;
}

/** Redis 7 keeps a folder, Redis 6 (Ubuntu 22.04) one file. */
const appendOnlyFiles = ["appendonlydir", "appendonly.aof"];

const portAttempts = 3;

/**
 * Starts the server and resolves when it answers a PING; it keeps its port and password over restarts of the part.
 * `noeviction`, since BullMQ's keys are not a cache; measured: ready in 0.05 s.
 * @throws ProcessFailed with the server's last log lines; Error when there is no `redis-server`
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const program = await redisProgram(process.env.PATH ?? "");
  const identity = serverIdentity();
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  if (identity) await chown(options.dir, identity.uid, identity.gid);
  const password = randomBytes(24).toString("hex");
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const server = createProcess({
      name: "redis",
      command: [program.path, "-"],
      input: configuration({ port, password, ephemeral: options.ephemeral }),
      cwd: options.dir,
      env: { PATH: process.env.PATH, LD_LIBRARY_PATH: program.libraries.join(":") },
      identity,
      log: join(options.dir, "redis.log"),
      onCrash: options.onCrash,
      ready: { probe: async () => (await ask(port, password, "PING")) === "+PONG" },
      stopSignal: "SIGTERM",
      orphanSignal: "SIGTERM",
    });
    const askIt = (command: string) => ask(port, password, command);
    const flush = async () => {
      if (server.pid !== undefined) await askIt("FLUSHALL");
      else for (const name of appendOnlyFiles) await rm(join(options.dir, name), { recursive: true, force: true });
    };
    try {
      await server.start();
      return Object.assign(server, { url: `redis://default:${password}@127.0.0.1:${port}`, ask: askIt, flush });
    } catch (error) {
      const taken = error instanceof ProcessFailed && error.output.includes("Address already in use");
      if (!taken || options.port !== undefined || attempt === portAttempts) throw error;
    }
  }
}

/** Read from standard input, so that the password shows neither in `ps` nor in a file. */
function configuration(settings: { port: number; password: string; ephemeral: boolean }): string {
  return [
    "bind 127.0.0.1",
    `port ${settings.port}`,
    `requirepass ${settings.password}`,
    'save ""',
    "appendonly yes",
    `appendfsync ${settings.ephemeral ? "no" : "everysec"}`,
    "maxmemory-policy noeviction",
    "daemonize no",
    "",
  ].join("\n");
}

/** Sends one command on a connection of its own and answers the first line of the reply. */
function ask(port: number, password: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: "127.0.0.1", port, timeout: 2_000 });
    let reply = "";
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(`AUTH ${password}\r\n${command}\r\n`));
    socket.on("timeout", () => socket.destroy(new Error(`Redis on port ${port} did not answer ${command}.`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`Redis on port ${port} closed the connection.`)));
    socket.on("data", (text: string) => {
      reply += text;
      const [, answer, end] = reply.split("\r\n");
      if (answer === undefined || end === undefined) return;
      resolve(answer);
      socket.destroy();
    });
  });
}
