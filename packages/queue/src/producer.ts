import type { JobPayload, StageKind } from "@reluctant/contracts";
import { Queue } from "bullmq";
import { jobOptions, streamOptions } from "./catalog.ts";
import { queueName } from "./keys.ts";
import type { Redis } from "./redis.ts";

/** Where a job is. `active`: fetched by a worker that holds its lock, or held it until moments ago. */
export type JobState = "absent" | "waiting" | "active" | "completed" | "failed";

/**
 * A job, the pool whose workers may take it, and the number of its attempt. Who was interrupted is next: behind the two jobs that
 * lie ready for whoever comes free, an attempt that a worker lost waited for two others to run to their ends.
 */
export type PooledJob = JobPayload & { pool: string; number?: number };

/** Adds jobs. Every method fails at once with RedisUnavailable while Redis is away; repeating is harmless. */
export interface Producer {
  /** A job's id is its attempt's, so adding one that is there changes nothing. */
  add(jobs: readonly PooledJob[]): Promise<void>;
  /** Adds the job anew if it is gone or over. One that waits, or that a worker holds, stays. */
  restore(job: JobPayload, pool: string): Promise<"restored" | "kept">;
  state(job: JobPayload, pool: string): Promise<JobState>;
  /** The BullMQ queue itself, for dashboards. */
  queue(kind: StageKind, pool: string): Queue;
  close(): Promise<void>;
}

export function createProducer(redis: Redis): Producer {
  const queues = new Map<string, Queue>();

  const queue = (kind: StageKind, pool: string): Queue => {
    const name = queueName(kind, pool);
    const known = queues.get(name);
    if (known) return known;
    const added = new Queue(name, {
      connection: redis.client,
      prefix: redis.prefix,
      defaultJobOptions: jobOptions,
      streams: streamOptions,
      skipVersionCheck: true, // a Redis that is away at the first use would break the queue for good
    });
    added.on("error", () => {}); // also thrown to the caller
    queues.set(name, added);
    return added;
  };

  const add = (jobs: readonly PooledJob[]) =>
    redis.use(async () => {
      const ofQueues = new Map<Queue, Parameters<Queue["addBulk"]>[0]>();
      for (const { pool, number = 1, ...job } of jobs) {
        const target = queue(job.kind, pool);
        const added = { name: job.kind, data: job, opts: { jobId: job.attemptId, ...(number > 1 && { lifo: true }) } };
        ofQueues.set(target, [...(ofQueues.get(target) ?? []), added]);
      }
      for (const [target, batch] of ofQueues) await target.addBulk(batch);
    });

  const state = (job: JobPayload, pool: string) =>
    redis.use(async () => jobState(await queue(job.kind, pool).getJobState(job.attemptId)));

  return {
    add,
    state,
    queue,
    async restore(job, pool) {
      if (!isOver(await state(job, pool))) return "kept";
      await redis.use(() => queue(job.kind, pool).remove(job.attemptId));
      await add([{ ...job, pool }]);
      return "restored";
    },
    async close() {
      await Promise.all([...queues.values()].map((each) => each.close()));
      queues.clear();
    },
  };
}

const isOver = (state: JobState) => state === "absent" || state === "completed" || state === "failed";

function jobState(bullState: string): JobState {
  if (bullState === "unknown") return "absent";
  return bullState === "active" || bullState === "completed" || bullState === "failed" ? bullState : "waiting";
}
