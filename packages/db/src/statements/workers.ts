import type { AttemptState, StageKind } from "@reluctant/contracts";
import { statement } from "../statement.ts";

/** `trustedSince` null: the predecessor was drained, so its record ends with it. */
export const takeWorkerName = statement<[name: string], { trustedSince: Date | null }>("take-worker-name");
export const drainWorkerRow = statement<[name: string, reason: string], { id: string }>("drain-worker");
export const undrainWorkerRow = statement<[name: string], { id: string }>("undrain-worker");

/** As relu's `brokenWorkers` takes it. */
export interface WorkerRecordRow {
  id: string;
  name: string;
  pool: string;
  endings: {
    state: AttemptState;
    stageRunId: string;
    kind: StageKind;
    at: string;
    checkpointed: boolean;
    succeededOn: string | null;
    alone: boolean;
  }[];
}
export const workerRecords = statement<[leaseSeconds: number], WorkerRecordRow>("worker-records");
