import { describe, expect, it } from "vitest";
import { tally } from "./test-report.mjs";

interface Assertion {
  fullName: string;
  status: string;
  meta: { skipped?: string };
  failureMessages: string[];
}
const passed = (fullName: string): Assertion => ({ fullName, status: "passed", meta: {}, failureMessages: [] });
const failed = (fullName: string): Assertion => ({
  fullName,
  status: "failed",
  meta: {},
  failureMessages: ["AssertionError: expected 1 to be 2\n    at a.test.ts:1:1"],
});
const skipped = (fullName: string, reason?: string): Assertion => ({
  fullName,
  status: "skipped",
  meta: reason ? { skipped: reason } : {},
  failureMessages: [],
});

/** A report of one file. */
function reportOf(assertionResults: Assertion[], { status = "passed", numPendingTests = -1 } = {}) {
  const count = (wanted: string) => assertionResults.filter((test) => test.status === wanted).length;
  return {
    numPassedTests: count("passed"),
    numFailedTests: count("failed"),
    numPendingTests: numPendingTests < 0 ? count("skipped") : numPendingTests,
    numTodoTests: 0,
    testResults: [{ name: "a.test.ts", status, assertionResults }],
  };
}

describe("the closing lines of npm test", () => {
  it("count each reason once, the most frequent first", () => {
    const report = reportOf([
      skipped("a", "no x"),
      skipped("b", "no y"),
      passed("c"),
      skipped("d", "no y"),
      failed("e"),
    ]);
    expect(tally(report)).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: 3,
      reasons: [
        ["no y", 2],
        ["no x", 1],
      ],
      faults: ["a.test.ts: e: AssertionError: expected 1 to be 2"],
    });
  });

  it("count a skip that is not allowed as failed, by its reason and its name", () => {
    const report = reportOf([skipped("a", "no x"), skipped("b", "no x"), skipped("c", "no y")]);
    const isAllowed = (reason: string, name: string) => reason === "no x" && name === "a";
    expect(tally(report, { isAllowed })).toMatchObject({
      failed: 2,
      skipped: 1,
      faults: ["may not be skipped: b (no x)", "may not be skipped: c (no y)"],
    });
  });

  it("count a test that is left out without a reason as failed, but not one that -t leaves out", () => {
    const report = reportOf([passed("a"), skipped("b")]);
    expect(tally(report)).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
    expect(tally(report, { partial: true })).toMatchObject({ passed: 1, failed: 0, skipped: 0, faults: [] });
  });

  it("count a file that does not load, or that fails beside its tests, as failed", () => {
    expect(tally(reportOf([], { status: "failed" }))).toMatchObject({
      failed: 1,
      faults: ["a.test.ts failed, and none of its tests"],
    });
    const afterwards = reportOf([passed("a"), skipped("b", "no x")], { status: "failed" });
    expect(tally(afterwards)).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
    expect(tally(reportOf([failed("a")], { status: "failed" }))).toMatchObject({ failed: 1 });
  });

  it("fail where the reporter's own sums are others", () => {
    expect(tally(reportOf([passed("a"), skipped("b", "no x")], { numPendingTests: 2 }))).toMatchObject({ failed: 1 });
  });
});
