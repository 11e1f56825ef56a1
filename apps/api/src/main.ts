import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { configuredArtifacts } from "@reluctant/artifacts";
import { openDatabase } from "@reluctant/db";
import { createNotifications, createProducer, openRedis } from "@reluctant/queue";
import { createLogger, createMetrics, settingsOrEnd } from "@reluctant/telemetry";
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { defaultLimits } from "./limits.ts";
import { createApiServer } from "./server.ts";

/** Requests under way when asked to stop may take so long; then their connections are cut. */
const drainMs = 10_000;

const config = settingsOrEnd(readConfig);
const logger = createLogger({ name: "api", level: config.LOG_LEVEL });
const db = openDatabase(config.DATABASE_URL);
const redis = openRedis({ url: config.REDIS_URL, prefix: config.REDIS_PREFIX, log: logger });
const notifications = createNotifications(redis);
const producer = createProducer(redis);
const stopping = new AbortController();

const app = createApp({
  control: { db, artifacts: await configuredArtifacts(db, config.RELUCTANT_ARTIFACTS), notifications },
  redis,
  notifications,
  producer,
  logger,
  metrics: createMetrics({ service: "api" }),
  limits: defaultLimits,
  publicUrl: config.RELUCTANT_PUBLIC_URL ? new URL(config.RELUCTANT_PUBLIC_URL) : null,
  dashboard: fileURLToPath(new URL("../../dashboard/dist", import.meta.url)),
  stopping: stopping.signal,
});

const server = createApiServer(app, defaultLimits);
server.listen({ port: config.PORT, host: config.HOST, backlog: defaultLimits.waiting * 4 });
await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
  logger.fatal({ code: error.code }, `cannot listen on ${config.HOST}:${config.PORT}; give another PORT or HOST`);
  process.exit(1);
});
const { port } = server.address() as AddressInfo;
logger.info({ host: config.HOST, port, url: `http://${config.HOST}:${port}` }, "ready");

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), drainMs).unref();
  await closed;
  await Promise.all([producer.close(), db.close()]);
  await redis.close();
  logger.info("stopped");
  process.exit(0); // a reconnecting Redis client would hold the process
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
