import { hostname } from "node:os";
import type { ArtifactRef, ResultOf } from "@reluctant/contracts";
import { beatWorker, claimAttempt, completeAttempt, type Deps, registerWorker } from "@reluctant/control";
import { createConsumer, createNotifications, openRedis, queueNames } from "@reluctant/queue";
import { implementationVersions } from "@reluctant/stages/definitions";
import { type Bench, quietly } from "./stack.ts";

/** As the peers have. */
export const slots = 8;

/** What a slot does with a claimed attempt to have an artifact for its result. */
export type Upload = (deps: Deps, attemptId: string) => Promise<ArtifactRef>;

/** Slots that do nothing but claim and complete, and say so after each; answers how to end them. */
export async function startSlots(
  bench: Bench,
  upload: Upload,
  onCompleted: () => void = () => {},
): Promise<() => Promise<void>> {
  const started = Array.from({ length: slots }, (_, slot) => startSlot(bench, slot, { upload, onCompleted }));
  const stops = await Promise.all(started);
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
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

const result: ResultOf<"train"> = {
  kind: "train",
  images: 32,
  reluCount: 73_728,
  validationAccuracy: 0.1,
  testAccuracy: 0.1,
};

/** A registered worker without an engine: takes jobs as a supervisor does, and answers each claim with a result. */
async function startSlot(
  bench: Bench,
  slot: number,
  { upload, onCompleted }: { upload: Upload; onCompleted: () => void },
): Promise<() => Promise<void>> {
  const redis = openRedis({ url: bench.stack.redisUrl, log: quietly });
  await redis.ready();
  const notifications = createNotifications(redis);
  const deps: Deps = { ...bench.deps, notifications };
  const name = `bench-${slot}`;
  const { workerId } = await registerWorker(deps, {
    name,
    hostname: hostname(),
    pool: "default",
    engine: {
      backend: "none",
      device: "none",
      memoryBytes: null,
      threads: 1,
      precisions: ["fp32"],
      deterministic: false,
      versions: {},
      cpuLevel: null,
    },
    versions: implementationVersions,
    datasets: [bench.datasetVersion],
    unusableDatasets: [],
  });
  const consumer = createConsumer({ redis, notifications, queues: queueNames("default"), workerName: name });
  const closing = new AbortController();
  const serve = async () => {
    for (;;) {
      const delivery = await consumer.next(closing.signal);
      if (!delivery) return;
      const { attemptId } = delivery.payload;
      const claim = await claimAttempt(deps, { attemptId, workerId });
      if (claim.outcome === "claimed") {
        const weights = await upload(deps, attemptId);
        await completeAttempt(deps, { attemptId, epoch: claim.epoch, result, artifacts: [weights] });
        onCompleted();
      }
      await delivery.finish({ state: "completed" });
    }
  };
  const beat = setInterval(() => void beatWorker(deps, { workerId, state: "busy" }).catch(() => {}), 3_000);
  const serving = serve();
  return async () => {
    closing.abort();
    await serving;
    clearInterval(beat);
    await consumer.close();
    await redis.close();
  };
}
