import { randomUUID } from "node:crypto";
import type { JobPayload } from "@reluctant/contracts";
import { createRedisBackend, type Job, Worker } from "bullmq";
import { lockMs, lockRenewMs, parseJob, stalledCheckMs } from "./catalog.ts";
import { createJobSignal } from "./job-signal.ts";
import { type Redis, RedisUnavailable } from "./redis.ts";

/** A job in our hands, its lock renewed until `finish`. The attempt's row decides everything; this only frees Redis. */
export interface Delivery {
  readonly payload: JobPayload;
  /** Tells Redis how it went, `failed` with a reason. Never throws: a job left behind fails by itself in seconds. */
  finish(outcome: { state: "completed" } | { state: "failed"; reason: string }): Promise<void>;
}

export interface Consumer {
  /** The next job of any of the queues, each served in turn; null once `signal` is aborted. Waits while Redis is away. */
  next(signal: AbortSignal): Promise<Delivery | null>;
  close(): Promise<void>;
}

export interface ConsumerOptions {
  redis: Redis;
  queues: readonly string[];
  /** Shown in dashboards. */
  workerName: string;
}

/**
 * Fetches by hand, since a slot must never hold two jobs and a job lasts hours: BullMQ's own loop is not started, and
 * renewing the lock is ours. All queues share one connection, and one more to wait on.
 */
export function createConsumer({ redis, queues, workerName }: ConsumerOptions): Consumer {
  const workers = queues.map((queue) => openWorker(redis, queue, workerName));
  const jobSignal = createJobSignal(
    redis,
    workers.map((worker) => worker.toKey("marker")),
  );
  let turn = 0;

  /** Which queues have jobs, in one round trip: to fetch from an empty one takes as long as from a full one. */
  const filled = async (): Promise<Set<Worker>> => {
    const counts = await redis.use(() => Promise.all(workers.map((worker) => redis.client.llen(worker.toKey("wait")))));
    return new Set(workers.filter((_, index) => counts[index] !== 0));
  };

  const fetchOne = async (): Promise<Delivery | null> => {
    const worthAsking = await filled();
    for (let served = 0; served < workers.length; served++) {
      const worker = workers[turn++ % workers.length] as Worker;
      if (!worthAsking.has(worker)) continue;
      const token = randomUUID();
      const job: Job | undefined = await redis.use(() => worker.getNextJob(token, { block: false }));
      if (job) return deliver(redis, job, token);
    }
    return null;
  };

  return {
    async next(signal) {
      while (!signal.aborted) {
        const delivery = await fetchOne().catch((error: unknown) => {
          if (!(error instanceof RedisUnavailable)) redis.log.warn({ err: error }, "a job could not be fetched");
          return null;
        });
        if (delivery) return delivery;
        await jobSignal.wait(signal);
      }
      return null;
    },
    async close() {
      jobSignal.close();
      await Promise.all(workers.map((worker) => worker.close(true)));
    },
  };
}

function openWorker(redis: Redis, queue: string, workerName: string): Worker {
  const worker = new Worker(
    queue,
    null,
    {
      connection: redis.client,
      prefix: redis.prefix,
      name: workerName,
      autorun: false,
      maxStalledCount: 0,
      lockDuration: lockMs,
      stalledInterval: stalledCheckMs,
      skipVersionCheck: true,
    },
    // Without the second, blocking connection that BullMQ opens for each queue: nothing here blocks.
    (name, options) => createRedisBackend(name, options, {}),
  );
  worker.on("error", () => {}); // also thrown to the caller
  void worker.startStalledCheckTimer();
  return worker;
}

/** Takes the job into our hands; one that cannot be used is failed instead. */
async function deliver(redis: Redis, job: Job, token: string): Promise<Delivery | null> {
  const tell = (commands: () => Promise<unknown>) =>
    redis.use(commands).catch((error: unknown) => {
      redis.log.warn({ err: error, attemptId: job.id }, "Redis was not told how a job ended");
    });
  const fail = (reason: string) => tell(() => job.moveToFailed(new Error(reason), token, false));

  const parsed = job.deferredFailure ? { error: job.deferredFailure } : parseJob(job.data);
  if ("error" in parsed) {
    await fail(parsed.error);
    return null;
  }
  const renewal = setInterval(() => {
    redis.use(() => job.extendLock(token, lockMs)).catch(() => {}); // a lost lock loses nothing: the row decides
  }, lockRenewMs);
  return {
    payload: parsed.payload,
    async finish(outcome) {
      clearInterval(renewal);
      await (outcome.state === "failed" ? fail(outcome.reason) : tell(() => job.moveToCompleted("", token, false)));
    },
  };
}
