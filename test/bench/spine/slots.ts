import type { ArtifactRef } from "@reluctant/contracts";
import { type Agent, createAgent, type Deps, registerWorker } from "@reluctant/control";
import { createConsumer, createNotifications, openRedis, queueNames, type Redis } from "@reluctant/queue";
import { registrationOf, trained } from "../../no-op.ts";
import { type Bench, quietly } from "./stack.ts";

/** As the peers have. */
export const slots = 8;

/** What a slot does with a claimed attempt to have an artifact for its result. */
export type Upload = (deps: Deps, attemptId: string) => Promise<ArtifactRef>;

/** Slots of one process that do nothing but claim and complete, and say so after each; answers how to end them. */
export async function startSlots(
  bench: Bench,
  upload: Upload,
  onCompleted: () => void = () => {},
): Promise<() => Promise<void>> {
  const perform = (deps: Deps, { attemptId }: Held) => upload(deps, attemptId);
  const host = await openHost(bench);
  const started = Array.from({ length: slots }, (_, slot) =>
    startSlot(host, `bench-${slot}`, { perform, onCompleted }),
  );
  const stops = await Promise.all(started);
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
    await host.close();
  };
}

const mediaType = "application/octet-stream";

async function* fewBytes(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(64);
}

/** Uploads as every worker uploads: the same 64 bytes. */
export const uploadWeights: Upload = async ({ artifacts }, attemptId) => ({
  role: "weights",
  variant: "full",
  mediaType,
  ...(await artifacts.put({ attemptId, mediaType, bytes: fewBytes() })),
});

/** Bytes that were stored before: a slot's result names them, and nothing is uploaded. */
export async function storedWeights({ artifacts }: Deps): Promise<Upload> {
  const stored = await artifacts.put({ mediaType, bytes: fewBytes() });
  return async () => ({ role: "weights", variant: "full", mediaType, ...stored });
}

/** A claimed attempt. */
export interface Held {
  attemptId: string;
  epoch: number;
}

export interface Slot {
  /** From a claim to the artifact of its result. */
  perform: (deps: Deps, held: Held) => Promise<ArtifactRef>;
  onCompleted: () => void;
  /** How long each beat of the worker took. */
  onBeat?: (ms: number) => void;
}

/** What the slots of a worker's process share. */
export interface Host {
  deps: Deps;
  agent: Agent;
  redis: Redis;
  datasetVersion: string;
  close(): Promise<void>;
}

export async function openHost({ stack, deps: shared, datasetVersion }: Bench): Promise<Host> {
  const redis = openRedis({ url: stack.redisUrl, log: quietly });
  await redis.ready();
  const deps: Deps = { ...shared, notifications: createNotifications(redis) };
  return { deps, agent: createAgent(deps), redis, datasetVersion, close: () => redis.close() };
}

/** A registered worker without an engine: takes jobs as a supervisor does, and answers each claim with a result. */
export async function startSlot(
  { deps, agent, redis, datasetVersion }: Host,
  name: string,
  { perform, onCompleted, onBeat }: Slot,
): Promise<() => Promise<void>> {
  const { workerId } = await registerWorker(deps, registrationOf(name, datasetVersion));
  const consumer = createConsumer({ redis, queues: queueNames("default"), workerName: name });
  const closing = new AbortController();
  const serve = async () => {
    for (;;) {
      const delivery = await consumer.next(closing.signal);
      if (!delivery) return;
      const { attemptId } = delivery.payload;
      const claim = await agent.claimAttempt({ attemptId, workerId });
      if (claim.outcome === "claimed") {
        const held = { attemptId, epoch: claim.epoch };
        const weights = await perform(deps, held);
        await agent.completeAttempt({ ...held, result: trained, artifacts: [weights] });
        onCompleted();
      }
      await delivery.finish({ state: "completed" });
    }
  };
  const beat = async () => {
    const at = performance.now();
    await agent.beatWorker({ workerId, state: "busy" });
    onBeat?.(performance.now() - at);
  };
  const beats = setInterval(() => void beat().catch(() => {}), beatMs);
  const serving = serve();
  return async () => {
    closing.abort();
    await serving;
    clearInterval(beats);
    await consumer.close();
  };
}

/** As a supervisor's. */
export const beatMs = 3_000;
