import { describe, expect, test } from "vitest";
import { events, stageRuns, trials } from "../../testing/fixtures.ts";
import { historyLines } from "./history.ts";

describe("the history", () => {
  test("tells the newest first, with subject, step and cause", () => {
    const lines = historyLines(events, stageRuns, trials).map(({ subject, text }) =>
      [subject, text].filter(Boolean).join(": "),
    );
    expect(lines).toEqual([
      "Distillation, uniform-random · 18,841 ReLUs · seed 1: succeeded",
      "Distillation, uniform-random · 47,104 ReLUs · seed 1: attempt 1 started on gpu-1",
      "Mask search, uniform-random · 1,884 ReLUs · seed 2: failed: loss is not finite at step 212",
      "Train, resnet20 · seed 2: attempt 2 resumed at step 1,240 on gpu-1",
      "Train, resnet20 · seed 2: attempt 1 lost on gpu-3 at step 1,240: worker gpu-3 silent for 15 s",
      "Train, resnet20 · seed 2: attempt 1 started on gpu-1",
      "submitted: 16 trials, 36 stage runs, 2 from cache",
    ]);
  });
});
