import { bigint, float, int, nullable, text, uuid } from "../postgres-types.ts";
import { statement } from "../statement.ts";

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
