import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { othersShareSince, processorTime } from "./processor-time.ts";

test("a process has the time of its own children, which is no other's", () => {
  const before = processorTime();
  spawnSync(process.execPath, [
    "-e",
    "const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end);",
  ]);
  const after = processorTime();
  if (!before || !after) return expect(process.platform).not.toBe("linux");
  expect(after.own - before.own).toBeGreaterThanOrEqual(0.25);
  const share = othersShareSince(before) as number;
  expect(share).toBeGreaterThanOrEqual(0);
  expect(share).toBeLessThanOrEqual(1);
});

test("what is not told is not guessed", () => expect(othersShareSince(null)).toBeNull());
