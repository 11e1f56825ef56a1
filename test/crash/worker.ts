/**
 * A worker without an engine, as a process of its own with `SLOTS` slots that ask Postgres together: each claims, keeps its lease,
 * hands back what a killed one left, and completes with weights that its stage run's seed alone decides. It waits where training
 * would compute, for `WORK_MS` (`least-most`).
 */
import { setTimeout as pause } from "node:timers/promises";
import { postgresArtifacts } from "@reluctant/artifacts";
import { createAgent, handBackAttempt, registerWorker, releaseAttempt } from "@reluctant/control";
import { openDatabase } from "@reluctant/db";
import { createConsumer, createNotifications, openRedis, queueNames } from "@reluctant/queue";
import { uniform } from "@reluctant/relu";
import { createLogger } from "@reluctant/telemetry";
import { keepLease } from "../../workers/gpu/src/lease.ts";
import { retryUnavailable } from "../../workers/gpu/src/retry-unavailable.ts";
import type { StopCause } from "../../workers/gpu/src/slot.ts";
import { type Fence, type SlotFile, takeSlot } from "../../workers/gpu/src/slot-file.ts";
import { registrationOf, trained, weightsOf } from "../no-op.ts";

const env = process.env as Record<string, string>;
const name = env.RELUCTANT_WORKER_NAME as string;
const [least = 0, most = least] = (env.WORK_MS ?? "0").split("-").map(Number);

const log = createLogger({ name: "worker", level: "info" });
const db = openDatabase(env.DATABASE_URL as string, { poolSize: 4 });
const redis = openRedis({ url: env.REDIS_URL as string, log });
const deps = { db, artifacts: postgresArtifacts(db), notifications: createNotifications(redis) };
const agent = createAgent(deps);
const { signal } = new AbortController();
const patiently = <T>(command: () => Promise<T>) => retryUnavailable(command, { signal, log });

const slots = Array.from({ length: Number(env.SLOTS) }, (_, place) =>
  place === 0 ? name : `${name}-slot-${place + 1}`,
);
const serving = await Promise.all(slots.map(register));
log.info("ready");
await Promise.all(serving.map((serve) => serve()));

/** Takes the slot, and answers how to serve it. */
async function register(slotName: string): Promise<() => Promise<void>> {
  const { slot, left } = await takeSlot(env.RELUCTANT_CACHE as string, slotName);
  if (left) {
    await patiently(() => handBackAttempt(deps, left.attempt));
    await slot.release();
  }
  const { workerId } = await patiently(() => registerWorker(deps, registrationOf(slotName, env.DATASET as string)));
  const consumer = createConsumer({ redis, queues: queueNames("default"), workerName: slotName });
  let state: "idle" | "busy" = "idle";
  setInterval(() => void agent.beatWorker({ workerId, state }).catch(() => {}), 3_000);
  return async () => {
    for (;;) {
      const delivery = await consumer.next(signal);
      if (!delivery) break;
      const { attemptId } = delivery.payload;
      const claim = await patiently(() => agent.claimAttempt({ attemptId, workerId })).catch(() => null);
      if (claim?.outcome === "claimed") {
        state = "busy";
        await run(slot, { attemptId, epoch: claim.epoch }, claim.assignment.seed).catch((err: unknown) =>
          log.warn({ err, attemptId }, "an attempt is left to its lease"),
        );
        state = "idle";
      }
      await delivery.finish({ state: "completed" });
    }
  };
}

async function run(slot: SlotFile, fence: Fence, seed: number): Promise<void> {
  await slot.take(fence);
  const stopped = new AbortController();
  let cause: StopCause | null = null;
  const onStop = (asked: StopCause) => {
    cause = asked;
    stopped.abort();
  };
  const lease = keepLease({ beat: () => agent.beatAttempt(fence), onStop, log });
  const unsubscribe = deps.notifications.on("stop", lease.beatNow);
  const workMs = least + uniform({ seed, stream: 15, index: 0 }) * (most - least);
  await pause(workMs, undefined, { signal: stopped.signal }).catch(() => {});
  try {
    if (cause === "stale") return;
    if (cause !== null) {
      await patiently(() =>
        releaseAttempt(deps, { ...fence, as: cause === "cancel" ? "cancelled" : "preempted", step: null }),
      );
      return;
    }
    const artifacts = [await patiently(() => weightsOf(deps, fence.attemptId, seed))];
    await patiently(() => agent.completeAttempt({ ...fence, result: trained, artifacts }));
  } finally {
    unsubscribe();
    await lease.stop();
    await slot.release();
  }
}
