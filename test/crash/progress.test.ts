import { expect, it } from "vitest";
import { expectedSeconds, progressLine } from "./progress.ts";
import { rows } from "./rows/index.ts";

it("tells how far all rows are by what each is expected to take", () => {
  const row = { total: 3_000, over: 600, name: "restart", expected: 300 };
  expect(progressLine({ ...row, elapsed: 150 })).toBe(
    "██████░░░░░░░░░░░░░░░░░░ 25 %, about 38 min left; restart 150 of 300 s",
  );
  expect(progressLine({ ...row, elapsed: 900 })).toBe(
    "███████░░░░░░░░░░░░░░░░░ 30 %, about 35 min left; restart 900 of 300 s, longer than expected",
  );
});

it("expects all rows to end within 55 minutes", () => {
  expect(rows.reduce((sum, row) => sum + expectedSeconds(row, 1), 0)).toBeLessThan(55 * 60);
});
