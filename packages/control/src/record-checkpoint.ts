import { sql } from "@reluctant/db";
import type { Written } from "./append-log.ts";
import type { Deps } from "./deps.ts";

/** Time-based checkpoints that stay: the last, and the one before should the last not load. */
const kept = 2;

/** Says where the stage run can resume from: `step` optimizer steps are in the stored artifact `sha256`. */
export const recordCheckpoint = (
  { db }: Deps,
  { attemptId, epoch, step, sha256 }: { attemptId: string; epoch: number; step: number; sha256: string },
): Promise<Written> =>
  db.tx(async (t) => {
    const owned = await t.maybe(sql.fence, { attemptId, epoch });
    if (!owned) return "stale";
    const { stageRunId } = owned;
    await t.run(sql.recordCheckpoint, { stageRunId, attemptId, step, sha256 });
    await t.run(sql.trimCheckpoints, { stageRunId, keep: kept });
    return "written";
  });
