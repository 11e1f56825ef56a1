import { configuredArtifacts } from "@reluctant/artifacts";
import { openDatabase } from "@reluctant/db";
import { createNotifications, createProducer, openRedis } from "@reluctant/queue";
import { createLogger, settingsOrEnd } from "@reluctant/telemetry";
import { readConfig } from "./config.ts";
import { dispatcher } from "./dispatcher.ts";
import { frontierFolder } from "./frontier-folder.ts";
import { garbageCollector } from "./garbage-collector.ts";
import { takeHolderName } from "./holder-name.ts";
import { watchLateness } from "./lateness.ts";
import { leadership } from "./leadership.ts";
import { leaseExpirer } from "./lease-expirer.ts";
import { pauseKeeper } from "./pause-keeper.ts";
import { preempter } from "./preempter.ts";
import { reconciler } from "./reconciler.ts";
import { relay } from "./relay.ts";
import { suspectMarker } from "./suspect-marker.ts";
import { tallyKeeper } from "./tally-keeper.ts";
import { usageFolder } from "./usage-folder.ts";
import { workerHealth } from "./worker-health.ts";

/** The coordinator: `node dist/main.js`, configured by the environment (config.ts). Several may run; one leads. */
const config = settingsOrEnd(readConfig);
const log = createLogger({ name: "coordinator", level: config.logLevel });
const holder = await takeHolderName({ ...config, log });

const db = openDatabase(config.databaseUrl);
const redis = openRedis({ url: config.redisUrl, prefix: config.redisPrefix, log });
const notifications = createNotifications(redis);
const deps = { db, artifacts: await configuredArtifacts(db, config.artifacts), notifications };
const producer = createProducer(redis);

const relays = relay({ deps, producer, notifications, holder, log });
const dispatches = dispatcher({ deps, holder, onDispatched: relays.send, log });
notifications.on("dispatch", dispatches.notify);
const expirer = leaseExpirer({ deps, holder, onExpired: dispatches.notify, lateMs: watchLateness(log), log });
const leader = leadership({
  deps,
  holder,
  services: [
    relays,
    dispatches,
    expirer,
    reconciler({ deps, producer, notifications, log }),
    pauseKeeper({ deps, log }),
    preempter({ deps, log }),
    workerHealth({ deps, log }),
    garbageCollector({ deps, historyDays: config.historyDays, log }),
    suspectMarker({ deps, log }),
    usageFolder({ deps, log }),
    tallyKeeper({ deps, log }),
    frontierFolder({ deps, log }),
  ],
  log,
});

let ending: Promise<void> | null = null;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    log.info({ signal }, "asked to end");
    ending ??= end().catch((err: unknown) => log.error({ err }, "did not end cleanly"));
    void ending.then(() => process.exit(0));
  });
}

async function end(): Promise<void> {
  await leader.stop();
  await producer.close();
  await redis.close();
  await db.close();
}

leader.start();
await leader.decided;
log.info("ready");
