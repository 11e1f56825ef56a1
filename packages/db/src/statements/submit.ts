import type { NeedOrigin, StageRunState } from "@reluctant/contracts";
import { statement } from "../statement.ts";

export interface DatasetRow {
  name: string;
  sha256: string;
  classes: string[];
  inputShape: number[];
  trainCount: number;
  /** The only team that may see it, or null. */
  privateTo: string | null;
}
export const datasetNames = statement<[teamId: string, limit: number], { name: string }>("dataset-names");
export const findDatasetVersion = statement<[teamId: string, name: string, digits: string], DatasetRow>("find-dataset");

export interface LiveStageRunRow {
  id: string;
  stageKey: string;
  state: StageRunState;
}
export const insertStageRuns = statement<[stageRuns: string, params: string, pool: string], LiveStageRunRow>(
  "insert-stage-runs",
);
export const shareLiveStageRuns = statement<[keys: string], LiveStageRunRow>("share-live-stage-runs");
export const liveStageRuns = statement<[keys: string], LiveStageRunRow>("live-stage-runs");
export const insertStageRunInputs = statement<[edges: string], never>("insert-stage-run-inputs");
export const adoptCheckpoints = statement<[stageRunIds: string[]], never>("adopt-checkpoints");
export interface NeedRow {
  trialId: string;
  stageRunId: string;
  origin: NeedOrigin;
}
export const insertTrials = statement<[experimentId: string, model: string, trials: string, needs: string], never>(
  "insert-trials",
);
/** Others that lock the same name wait until this transaction ends. */
export const lockName = statement<[name: string], never>("lock-name");
