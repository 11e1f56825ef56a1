import type { ExperimentState, Granularity, Precision, ProgressCounts } from "@reluctant/contracts";
import { statement } from "../statement.ts";

export interface ExperimentSummaryRow extends ProgressCounts {
  id: string;
  teamId: string;
  name: string;
  state: ExperimentState;
  reason: string | null;
  owner: string;
  dataset: string;
  datasetVersion: string;
  model: string;
  recipe: string;
  granularity: Granularity;
  precision: Precision;
  priority: number;
  pool: string;
  createdAt: Date;
  finishedAt: Date | null;
  trials: number;
  methods: string[];
  budgets: number[];
  seeds: number[];
  gpuSeconds: number;
  imagesLeft: number;
  imagesPerSecond: number;
  best: { reluCount: number; testAccuracy: number; method: string } | null;
}
export const experimentSummaryRows = statement<[experimentIds: string[]], ExperimentSummaryRow>("experiment-summaries");
