/** Servers that stand around Postgres and Redis in installations: a pooler, Sentinels, and what TLS needs. */
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { freePort, serverIdentity } from "../../../infra/local/src/machine.ts";
import type { PostgresServer } from "../../../infra/local/src/postgres.ts";
import { createProcess, type Part } from "../../../infra/local/src/processes.ts";
import type { RedisServer } from "../../../infra/local/src/redis.ts";
import { redisProgram } from "../../../infra/local/src/redis-programs.ts";
import type { Program } from "./debian-programs.ts";
import { output } from "./programs.ts";

const identity = serverIdentity();

/** A folder that servers may write to. */
async function folderOf(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (identity) await chown(folder, identity.uid, identity.gid);
  return folder;
}

async function write(file: string, content: string): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  if (identity) await chown(file, identity.uid, identity.gid);
}

/** PgBouncer in transaction mode before a database: fewer sessions than one process has connections. */
export async function startPgBouncer(
  { path, env }: Program,
  parent: string,
  databaseUrl: string,
): Promise<Part & { url: string }> {
  const folder = await folderOf(parent, "pgbouncer");
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const listen = await freePort();
  const file = join(folder, "pgbouncer.ini");
  await write(
    file,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
`,
  );
  const url = Object.assign(new URL(databaseUrl), { port: String(listen) }).href;
  const part = createProcess({
    name: "pgbouncer",
    command: [path, file],
    cwd: folder,
    env,
    identity,
    log: join(folder, "pgbouncer.log"),
    ready: { probe: () => answers(url) },
    stopSignal: "SIGINT",
    orphanSignal: "SIGTERM",
  });
  await part.start();
  return Object.assign(part, { url });
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
  return true;
}

/** One Sentinel, enough to name the next master, which it does a second after the last answer of this one. */
export async function startSentinel(parent: string, master: RedisServer): Promise<Part & { url: string }> {
  const folder = await folderOf(parent, "sentinel");
  const { port, password } = new URL(master.url);
  const listen = await freePort();
  const file = join(folder, "sentinel.conf");
  await write(
    file,
    `port ${listen}
bind 127.0.0.1
sentinel monitor lab 127.0.0.1 ${port} 1
sentinel auth-pass lab ${password}
sentinel down-after-milliseconds lab 1000
sentinel failover-timeout lab 5000
`,
  );
  const program = await redisProgram(process.env.PATH ?? "");
  const part = createProcess({
    name: "sentinel",
    command: [program.path, file, "--sentinel"],
    cwd: folder,
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: program.libraries.join(":") },
    identity,
    log: join(folder, "sentinel.log"),
    ready: { line: (line) => line.includes("+slave slave") }, // it knows who could follow
    stopSignal: "SIGTERM",
    orphanSignal: "SIGKILL",
  });
  await part.start();
  return Object.assign(part, { url: `redis+sentinel://:${password}@127.0.0.1:${listen}/lab` });
}

/** Makes a server the replica of another, to whose password it answers as well. */
export async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  const { port, password } = new URL(master.url);
  for (const command of [
    `CONFIG SET masterauth ${password}`,
    `REPLICAOF 127.0.0.1 ${port}`,
    `ACL SETUSER default >${password}`,
  ]) {
    const answer = await replica.ask(command);
    if (answer !== "+OK") throw new Error(`the replica answers ${answer}`);
  }
  const mastersToo = await master.ask(`CONFIG SET masterauth ${password}`); // it may come back, and follow
  if (mastersToo !== "+OK") throw new Error(`the master answers ${mastersToo}`);
}

export interface Certificates {
  /** The authority's certificate, for those who trust it. */
  authority: string;
  certificate: string;
  key: string;
}

/** An authority of our own, and what it says of a server at 127.0.0.1. */
export async function makeCertificates(parent: string): Promise<Certificates> {
  const folder = await folderOf(parent, "certificates");
  await chmod(folder, 0o755);
  const file = (name: string) => join(folder, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const self = ["-x509", "-days", "2", "-subj", "/CN=check authority", "-addext", "basicConstraints=critical,CA:true"];
  await output("openssl", ["req", ...self, ...newKey, "-keyout", file("ca.key"), "-out", file("ca.pem")]);
  const server = ["-x509", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const signed = ["-CA", file("ca.pem"), "-CAkey", file("ca.key")];
  await output("openssl", [
    "req",
    ...server,
    ...signed,
    ...newKey,
    "-keyout",
    file("key.pem"),
    "-out",
    file("crt.pem"),
  ]);
  if (identity) await chown(file("key.pem"), identity.uid, identity.gid);
  await chmod(file("key.pem"), 0o600);
  return { authority: file("ca.pem"), certificate: file("crt.pem"), key: file("key.pem") };
}

/** Has the server of this folder take nothing but TLS from now on; answers the URL for those who check its certificate. */
export async function encryptPostgres(server: PostgresServer, dir: string, of: Certificates): Promise<string> {
  await write(join(dir, "data/pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const [name, value] of Object.entries({ ssl_cert_file: of.certificate, ssl_key_file: of.key, ssl: "on" }))
    await client.query(`alter system set ${name} = '${value}'`);
  await client.query("select pg_reload_conf()");
  await client.end();
  return `${server.url}?sslmode=verify-full&sslrootcert=${of.authority}`;
}

/** Has Redis listen with TLS alone; its `ask` is answered no more. */
export async function encryptRedis(server: RedisServer, of: Certificates): Promise<string> {
  const port = await freePort();
  const files = `tls-cert-file ${of.certificate} tls-key-file ${of.key} tls-ca-cert-file ${of.authority}`;
  for (const command of [
    `CONFIG SET ${files} tls-auth-clients no`,
    `CONFIG SET tls-port ${port}`,
    "CONFIG SET port 0",
  ]) {
    const answer = await server.ask(command);
    if (answer !== "+OK") throw new Error(`Redis answers ${answer}`);
  }
  return Object.assign(new URL(server.url), { protocol: "rediss:", port: String(port) }).href;
}
