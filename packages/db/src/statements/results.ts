import type { ResultOf } from "@reluctant/contracts";
import { int, json, nullable, text, uuid } from "../postgres-types.ts";
import { statement } from "../statement.ts";

export const saveSensitivity = statement("save-sensitivity", {
  takes: { stageRunId: uuid, layers: json<ResultOf<"sensitivity">["layers"]>() },
});
export const saveAllocation = statement("save-allocation", {
  takes: { stageRunId: uuid, variant: text, layers: json<ResultOf<"mask-search">["allocation"]>() },
});
/** What a stage run reached. `method` null: the trial's, with its budget. `macs` null: the model's. */
export interface ReachedPoint {
  stageRunId: string;
  variant: string;
  method: string | null;
  reluCount: number;
  macs: number | null;
  validationAccuracy: number;
  testAccuracy: number;
}
export const putFrontierPoints = statement("put-frontier-points", {
  takes: { points: json<readonly ReachedPoint[]>() },
  gives: { id: text },
});
/** `budget` null: the one that the search was asked for. */
export const putMask = statement("put-mask", {
  takes: { stageRunId: uuid, variant: text, sha256: text, budget: nullable(int), reluCount: int },
});
