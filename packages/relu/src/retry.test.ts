import { describe, expect, it } from "vitest";
import { afterEnding } from "./retry.ts";

describe("retry", () => {
  const failure = { code: "internal", fatal: false, message: "worker broke", step: 3 } as const;
  const failed = { as: "failed", failure } as const;
  const ready = (delaySeconds: number, failures: number, failedStep: number) => ({
    becomes: "ready",
    delaySeconds,
    failures,
    failedStep,
  });

  it("never counts a lost or preempted attempt", () => {
    const standing = { failures: 2, failedStep: 7, checkpointStep: 9, nodeFailures: 0 };
    expect(afterEnding({ as: "lost", poison: null }, standing)).toEqual(ready(0, 2, 7));
    expect(afterEnding({ as: "preempted" }, standing)).toEqual(ready(0, 2, 7));
  });
  it("fails a run by the loss that shows it to be poisonous", () => {
    const standing = { failures: 1, failedStep: 0, checkpointStep: 0, nodeFailures: 0 };
    expect(afterEnding({ as: "lost", poison: "poisonous: …" }, standing)).toEqual({
      becomes: "failed",
      reason: "poisonous: …",
      failures: 1,
    });
  });
  it("tries again at once, then backs off, and gives up at the third failure", () => {
    const at = (failures: number) => ({ failures, failedStep: 0, checkpointStep: 0, nodeFailures: 0 });
    expect(afterEnding(failed, at(0))).toEqual(ready(0, 1, 0));
    expect(afterEnding(failed, at(1))).toEqual(ready(5, 2, 0));
    expect(afterEnding(failed, at(2))).toMatchObject({
      becomes: "failed",
      reason: "failed 3 times without a new checkpoint between; last: worker broke",
    });
  });
  it("begins to count anew once a checkpoint lies beyond the one that the last failure fell back to", () => {
    expect(afterEnding(failed, { failures: 2, failedStep: 40, checkpointStep: 41, nodeFailures: 0 })).toEqual(
      ready(0, 1, 41),
    );
    expect(afterEnding(failed, { failures: 2, failedStep: 40, checkpointStep: 40, nodeFailures: 0 })).toMatchObject({
      becomes: "failed",
    });
    expect(afterEnding(failed, { failures: 1, failedStep: 40, checkpointStep: 40, nodeFailures: 0 })).toEqual(
      ready(5, 2, 40),
    );
  });
  it("does not retry what cannot heal", () => {
    const fatal = { as: "failed", failure: { ...failure, fatal: true } } as const;
    expect(afterEnding(fatal, { failures: 0, failedStep: 0, checkpointStep: 9, nodeFailures: 0 })).toMatchObject({
      becomes: "failed",
      failures: 1,
    });
  });
  it("does not count what was its worker's fault, six times at most", () => {
    const disk = { as: "failed", failure: { ...failure, cause: "disk full", fault: "node" } } as const;
    const standing = { failures: 2, failedStep: 7, checkpointStep: 7 };
    expect(afterEnding(disk, { ...standing, nodeFailures: 1 })).toEqual(ready(0, 2, 7));
    expect(afterEnding(disk, { ...standing, nodeFailures: 6 })).toEqual(ready(80, 2, 7));
    expect(afterEnding(disk, { ...standing, nodeFailures: 7 })).toMatchObject({ becomes: "failed", failures: 3 });
  });
});
