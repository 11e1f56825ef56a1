import type { ResultOf } from "@reluctant/contracts";
import { bigint, float, int, json, nullable, text, uuid } from "../postgres-types.ts";
import { statement } from "../statement.ts";

export const saveSensitivity = statement("save-sensitivity", {
  takes: { stageRunId: uuid, layers: json<ResultOf<"sensitivity">["layers"]>() },
});
export const saveAllocation = statement("save-allocation", {
  takes: { stageRunId: uuid, variant: text, layers: json<ResultOf<"mask-search">["allocation"]>() },
});
/** `method` null: the trial's, with its budget. `macs` null: the model's. */
export const putFrontierPoint = statement("put-frontier-point", {
  takes: {
    stageRunId: uuid,
    variant: text,
    method: nullable(text),
    reluCount: int,
    macs: nullable(bigint),
    validationAccuracy: float,
    testAccuracy: float,
  },
  gives: { id: text },
});
/** `budget` null: the one that the search was asked for. */
export const putMask = statement("put-mask", {
  takes: { stageRunId: uuid, variant: text, sha256: text, budget: nullable(int), reluCount: int },
});
