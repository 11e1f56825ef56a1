import type { EngineInfo, PreparingDataset, SlotLabels, UnusableDataset, Worker } from "@reluctant/contracts";
import type { WorkerEnding } from "@reluctant/relu";
import { arrayOf, boolean, float, int, json, nullable, text, timestamp, uuid, word } from "../postgres-types.ts";
import { type RowOf, statement } from "../statement.ts";

/** `quarantinedUntil` as Postgres writes it: it may be `infinity`. */
const quarantine = { quarantinedUntil: nullable(text), quarantineReason: nullable(text), quarantines: int };

/** `trustedSince` null: the predecessor was drained, so its record ends with it. */
export const takeWorkerName = statement("take-worker-name", {
  takes: { name: text },
  gives: { trustedSince: nullable(timestamp), ...quarantine },
});
const workerDatasets = {
  datasets: arrayOf(text),
  preparingDatasets: json<readonly PreparingDataset[]>(),
  unusableDatasets: json<readonly UnusableDataset[]>(),
};
export const insertWorker = statement("insert-worker", {
  takes: {
    name: text,
    hostname: text,
    pool: text,
    labels: json<SlotLabels>(),
    gpuMemory: nullable(float),
    engine: json<EngineInfo>(),
    versions: json<Record<string, number>>(),
    ...workerDatasets,
    trustedSince: nullable(timestamp),
    ...quarantine,
  },
  gives: { id: text },
});
interface WorkerBeat {
  workerId: string;
  state: "idle" | "busy" | "draining";
}
export const beatWorkers = statement("beat-workers", {
  takes: { beats: json<readonly WorkerBeat[]>(), maxGapSeconds: float },
  gives: { workerId: text, drainedReason: nullable(text), held: boolean },
});
export const waitForWorker = statement("wait-for-worker", { takes: { workerId: uuid }, gives: { id: text } });
export const tellDatasets = statement("tell-datasets", {
  takes: { workerId: uuid, ...workerDatasets },
  gives: { hasOthers: boolean },
});
export const leaveWorker = statement("leave-worker", { takes: { workerId: uuid } });
export const drainWorker = statement("drain-worker", { takes: { name: text, reason: text }, gives: { id: text } });
/** As relu's `quarantineOf` takes it. */
export const nodeRecord = statement("node-record", {
  takes: { attemptId: uuid, windowSeconds: int },
  gives: { name: text, failures: json<{ stageRunId: string; cause: string }[]>(), quarantines: int },
});
export const quarantineWorker = statement("quarantine-worker", {
  takes: { name: text, reason: text, seconds: nullable(float), quarantines: int },
  gives: { id: text },
});
export const releaseWorker = statement("release-worker", { takes: { name: text }, gives: { id: text } });
export const undrainWorker = statement("undrain-worker", { takes: { name: text }, gives: { id: text } });

/** As relu's `brokenWorkers` takes it. */
export const workerRecords = statement("worker-records", {
  takes: { leaseSeconds: int },
  gives: { id: text, name: text, pool: text, endings: json<WorkerEnding[]>() },
});
export const workers = statement("workers", {
  takes: { leaseSeconds: int, workerId: nullable(uuid) },
  gives: {
    id: text,
    name: text,
    pool: text,
    labels: json<SlotLabels>(),
    gpuMemory: nullable(float),
    state: word<Worker["state"]>(),
    reason: nullable(text),
    quarantinedUntil: nullable(timestamp),
    engine: json<EngineInfo>(),
    attemptId: nullable(text),
    stageRunId: nullable(text),
    imagesPerSecond: nullable(float),
    startedAt: timestamp,
    lastBeatAt: timestamp,
  },
});
export type WorkerRow = RowOf<typeof workers>;
