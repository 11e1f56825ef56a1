import { describe, expect, test } from "vitest";
import { events, stageRuns } from "../../testing/fixtures.ts";
import { historyLines } from "./history.ts";

describe("the history", () => {
  test("tells the newest first, with subject, step and cause", () => {
    const lines = historyLines(events, stageRuns).map(({ subject, text }) =>
      [subject, text].filter(Boolean).join(": "),
    );
    expect(lines).toEqual([
      "distillation, 18.8k · random · seed 1: succeeded",
      "distillation, 47.1k · random · seed 1: attempt 1 started on gpu-1",
      "mask-search, 1.88k · random · seed 2: failed: loss is not finite at step 212",
      "train, seed 2: attempt 2 resumed at step 1,240 on gpu-1",
      "train, seed 2: attempt 1 lost on gpu-3 at step 1,240: worker gpu-3 silent for 15 s",
      "train, seed 2: attempt 1 started on gpu-1",
      "submitted: 16 trials, 36 stage runs, 2 from cache",
    ]);
  });
});
