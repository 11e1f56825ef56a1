import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { createApiServer, createApp, defaultLimits, type Limits } from "@reluctant/api";
import { postgresArtifacts } from "@reluctant/artifacts";
import { type Role, roles } from "@reluctant/contracts";
import { createToken, ensureTeam, registerDataset } from "@reluctant/control";
import { type DatabaseOptions, openDatabase } from "@reluctant/db";
import { createNotifications, createProducer, openRedis } from "@reluctant/queue";
import { createLogger, createMetrics } from "@reluctant/telemetry";
import { Pool } from "pg";

interface StartApi {
  redisUrl?: string;
  /** Others than the usual. */
  limits?: Partial<Limits>;
  /** A database that somebody else made and will drop; otherwise one of its own. */
  databaseUrl?: string;
  database?: DatabaseOptions;
}

/** The API in this process, on a database of its own with one team and the glyphs; its log is kept, not printed. */
export async function startApi({
  redisUrl = process.env.TEST_REDIS_URL as string,
  limits: givenLimits,
  databaseUrl,
  database: databaseOptions,
}: StartApi = {}) {
  const database = databaseUrl === undefined ? await cloneTemplate() : openPool(databaseUrl);
  const cable = await plugIn(new URL(database.url));
  const db = openDatabase(cable.url, databaseOptions);
  const logged: string[] = [];
  const logger = createLogger({ name: "api", level: "info" }, { write: (line: string) => void logged.push(line) });
  const redis = openRedis({ url: redisUrl, prefix: `test-${randomUUID()}`, log: logger });
  const producer = createProducer(redis);
  const limits = { ...defaultLimits, ...givenLimits };
  const stopping = new AbortController();
  const notifications = createNotifications(redis);
  const control = { db, artifacts: postgresArtifacts(db), notifications };
  const app = createApp({
    control,
    redis,
    notifications,
    producer,
    logger,
    metrics: createMetrics({ service: "api" }),
    limits,
    publicUrl: null,
    dashboard: "/nonexistent",
    stopping: stopping.signal,
  });
  const server = createApiServer(app, limits).listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const teamId = await ensureTeam(control, { name: "lab" });
  const tokens = {} as Record<Role, string>;
  for (const role of roles) tokens[role] = (await createToken(control, { team: "lab", name: role, role })).token;
  await registerDataset(control, glyphs);

  return {
    url,
    control,
    teamId,
    tokens,
    logged,
    /** The test's own way into the database, around the cable. */
    pool: database.pool,
    /** What the API reaches Postgres by. */
    cable,
    /** A request with a member's token, unless `headers` say otherwise (undefined removes one). */
    request: (path: string, { headers = {}, ...init }: Omit<RequestInit, "headers"> & { headers?: Headers } = {}) => {
      const all = { authorization: `Bearer ${tokens.member}`, ...headers };
      return fetch(url + path, {
        ...init,
        headers: Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      });
    },
    async close() {
      stopping.abort();
      server.close();
      server.closeAllConnections();
      await producer.close();
      await redis.close();
      await db.close();
      await cable.cut();
      await database.drop();
    },
  };
}

type Headers = Record<string, string | undefined>;

export const glyphs = {
  name: "glyphs",
  version: createHash("sha256").update("glyphs").digest("hex"),
  classes: ["a", "b", "c"],
  inputShape: [32, 32, 3] as [number, number, number],
  splits: { train: 1000, validation: 100, test: 100 },
};

async function cloneTemplate() {
  const adminUrl = process.env.TEST_DATABASE_URL as string;
  const name = `api_${randomUUID().replaceAll("-", "")}`;
  const admin = new Pool({ connectionString: adminUrl, max: 1 });
  await admin.query(`create database ${name} template reluctant_template`);
  const opened = openPool(Object.assign(new URL(adminUrl), { pathname: name }).href);
  const drop = async () => {
    await opened.drop();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  };
  return { ...opened, drop };
}

function openPool(url: string) {
  const pool = new Pool({ connectionString: url, max: 2 });
  pool.on("error", () => {}); // dropping the database ends what is still open
  return { url, pool, drop: () => pool.end() };
}

/** A TCP connection to Postgres that a test can cut and mend. */
async function plugIn(target: URL) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(target), { hostname: "127.0.0.1", port: String(port) }).href,
    mend: () => listen(port),
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
