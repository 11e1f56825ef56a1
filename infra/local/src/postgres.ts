/** A private PostgreSQL 18 on 127.0.0.1, its data in a folder of ours. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readdir, readFile, readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { ReluctantError } from "@reluctant/contracts";
import pg from "pg";
import { freePort, type Identity, serverIdentity } from "./machine.ts";
import { postgresPrograms } from "./postgres-programs.ts";
import { boundToUs, createProcess, type Part, ProcessFailed, type ProcessSpec } from "./processes.ts";

export interface PostgresOptions {
  /** Holds `data/`, `password` and `postgres.log`; what is there already is kept and used. */
  readonly dir: string;
  /** True for tests: nothing is flushed to disk, so data survives a killed process, but not a power cut. */
  readonly ephemeral: boolean;
  /** A free one when absent. */
  readonly port?: number | undefined;
  readonly onCrash?: ProcessSpec["onCrash"];
}

export interface PostgresServer extends Part {
  /** The administrator's URL of the database `postgres`; good for `pg`, Prisma's adapter and `psql`. */
  readonly url: string;
}

const user = "reluctant";

/**
 * The data folder as its own server sees it. The checkout may lie where the server's user cannot go (root's home, say),
 * and PostgreSQL changes to the absolute path it is given: so it starts inside the folder and is given this path.
 */
const here = "/proc/self/cwd";

/** A free port may be taken by somebody else before PostgreSQL binds it. */
const portAttempts = 3;

/** A server whose launcher was killed stops within a second or two; we wait for it rather than fail. */
const leftoverWithinMs = 15_000;

/**
 * Starts the server and resolves when it takes connections. Over TCP with SCRAM, since workers on other hosts need no
 * other way in; measured: 1.2 s with a new data folder, 0.2 s with an old one.
 * @throws ProcessFailed with the server's last log lines
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const programs = await postgresPrograms();
  const identity = serverIdentity();
  const data = join(options.dir, "data");
  const password = await preparePassword(options.dir, identity);
  await initialize({ programs, dir: options.dir, data, identity });
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const url = `postgresql://${user}:${password}@127.0.0.1:${port}/postgres`;
    const server = createProcess({
      name: "postgres",
      command: [join(programs, "bin/postgres"), "-D", here, ...settings(port, options.ephemeral)],
      cwd: data,
      env: serverEnvironment,
      identity,
      log: join(options.dir, "postgres.log"),
      onCrash: options.onCrash,
      beforeStart: () => leftoversGone(data),
      ready: { probe: () => answers(url) },
      stopSignal: "SIGINT", // "fast": ends sessions, writes a checkpoint
      orphanSignal: "SIGINT",
    });
    try {
      await server.start();
      return Object.assign(server, { url });
    } catch (error) {
      const taken = error instanceof ProcessFailed && error.output.includes("could not bind");
      if (!taken || options.port !== undefined || attempt === portAttempts) throw error;
    }
  }
}

/** Creates the database unless it exists, and answers its URL. */
export async function ensureDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
}

const serverEnvironment = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };

function settings(port: number, ephemeral: boolean): string[] {
  const values = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "", // their paths may not exceed 107 bytes, and a checkout's may
    max_connections: 200, // two test files at a time, each with several pools
    dynamic_shared_memory_type: "mmap", // in the data folder: containers' /dev/shm is small, and kill -9 litters it
    log_timezone: "UTC",
    timezone: "UTC",
    ...(ephemeral && { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** The server's password: made once, readable by its owner (and root) alone, never on a command line. */
async function preparePassword(dir: string, identity: Identity | undefined): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "password");
  await writeFile(file, randomBytes(24).toString("hex"), { mode: 0o600, flag: "wx" }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  if (identity) for (const path of [dir, file]) await chown(path, identity.uid, identity.gid);
  return (await readFile(file, "utf8")).trim();
}

interface Cluster {
  readonly programs: string;
  readonly dir: string;
  readonly data: string;
  readonly identity: Identity | undefined;
}

/** Runs `initdb` beside the final folder and renames it last, so that a killed start leaves no half-made data. */
async function initialize({ programs, dir, data, identity }: Cluster): Promise<void> {
  if (await realpath(data).catch(() => undefined)) return;
  const draft = join(dir, "data.new");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  if (identity) await chown(draft, identity.uid, identity.gid);
  const flags = ["--auth=scram-sha-256", "--pwfile=../password", "--encoding=UTF8", "--no-sync", "--no-instructions"];
  const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]; // the same order on any machine
  const command = [join(programs, "bin/initdb"), "-D", here, "-U", user, ...flags, ...locale];
  const [program, ...args] = boundToUs(command, "SIGTERM", identity) as [string, ...string[]];
  await promisify(execFile)(program, args, { cwd: draft, env: serverEnvironment }).catch((error) => {
    throw new ReluctantError(
      "unavailable",
      `PostgreSQL could not make its data folder ${data}: ${error.stderr?.trim() || error.message}`,
    );
  });
  await rename(draft, data);
}

/**
 * Waits until nothing of an earlier server lives in the folder: one whose launcher was killed is shutting down, and the
 * children of one that was killed itself need a moment to notice. Then `postmaster.pid` can go: PostgreSQL would take any
 * process of the same user that has that id by now for a living server.
 */
async function leftoversGone(data: string): Promise<void> {
  const deadline = Date.now() + leftoverWithinMs;
  for (let pid = await serverIn(data); pid !== undefined; pid = await serverIn(data)) {
    if (Date.now() > deadline)
      throw new ReluctantError(
        "unavailable",
        `${data} is in use by PostgreSQL (process ${pid}): stop that stack first.`,
      );
    await delay(50);
  }
  await rm(join(data, "postmaster.pid"), { force: true });
}

/** A PostgreSQL process whose working folder is `data`: its server, or one of the server's children. */
async function serverIn(data: string): Promise<string | undefined> {
  const folder = await realpath(data);
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (cwd === folder && (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")) === "postgres\n") return pid;
  }
  return undefined;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
