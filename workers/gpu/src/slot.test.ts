import { expect, test } from "vitest";
import {
  type ChildEnd,
  causeOf,
  endingOf,
  mostUrgent,
  nextPhase,
  type StopCause,
  type TerminalMessage,
} from "./slot.ts";

const clean: ChildEnd = { code: 0, signal: null, outOfMemory: false, lastLines: [] };
const succeeded: Extract<TerminalMessage, { type: "succeeded" }> = {
  type: "succeeded",
  result: { kind: "train", images: 1, reluCount: 1, validationAccuracy: 0.5, testAccuracy: 0.5 },
  files: [],
  points: [],
};
const ending = (over: Partial<Parameters<typeof endingOf>[0]>) =>
  endingOf({ cause: null, terminal: null, end: clean, step: 7, ...over });

test("the slot reports only after training, and is free only after reporting or an unsuccessful claim", () => {
  expect(nextPhase("claiming", "free")).toBe("free");
  expect(nextPhase("stopping", "reporting")).toBe("reporting");
  expect(() => nextPhase("training", "free")).toThrow("from training to free");
  expect(() => nextPhase("free", "training")).toThrow("from free to training");
});

test("a more urgent cause replaces a less urgent one, never the other way round", () => {
  const asked: StopCause[] = ["drain", "cancel", "preempt", "stale", "forceDrain"];
  const reached: (StopCause | null)[] = [];
  asked.reduce<StopCause | null>((current, cause) => {
    const next = mostUrgent(current, cause);
    reached.push(next);
    return next;
  }, null);
  expect(reached).toEqual(["drain", "cancel", "cancel", "stale", "stale"]);
});

test("a worker that leaves and hears that it has to stop goes on leaving", () => {
  expect(mostUrgent("drain", "preempt")).toBe("drain"); // its own beats have that answer
});

test("a beat's answer says whether the attempt goes on", () => {
  expect(causeOf({ answer: "go on" })).toBeNull();
  expect(causeOf({ answer: "stop", how: "checkpoint" })).toBe("preempt");
  expect(causeOf({ answer: "stop", how: "now" })).toBe("cancel");
  expect(causeOf({ answer: "stale" })).toBe("stale");
});

test("a result counts even when a stop was asked meanwhile, but not once the attempt is another's", () => {
  expect(ending({ terminal: succeeded, cause: "cancel" })).toEqual({ outcome: "succeeded", message: succeeded });
  expect(ending({ terminal: succeeded, cause: "stale" })).toEqual({ outcome: "abandoned" });
});

test("a stopped attempt is released at the step of its terminal message, or the last one known", () => {
  expect(ending({ terminal: { type: "stopped", step: 9 }, cause: "drain" })).toEqual({
    outcome: "released",
    release: "preempted",
    step: 9,
  });
  const killed: ChildEnd = { ...clean, code: null, signal: "SIGKILL" };
  expect(ending({ end: killed, cause: "cancel" })).toEqual({ outcome: "released", release: "cancelled", step: 7 });
  expect(ending({ end: null, cause: "forceDrain" })).toEqual({ outcome: "released", release: "preempted", step: 7 });
});

test("a child that goes without a terminal message failed, with its last lines as the reason", () => {
  const end: ChildEnd = { ...clean, code: 3, lastLines: ["cannot open the device"] };
  expect(ending({ end })).toMatchObject({
    outcome: "failed",
    failure: {
      code: "child-exit",
      fatal: false,
      step: 7,
      message: expect.stringMatching(/exit code 3.*cannot open the device/s),
    },
  });
});

test("a kill is lack of memory only if the kernel ended a process for that, or V8 said so", () => {
  const killed: ChildEnd = { ...clean, code: null, signal: "SIGKILL" };
  expect(ending({ end: { ...killed, outOfMemory: true } })).toMatchObject({
    failure: { code: "out-of-memory", fatal: false },
  });
  expect(ending({ end: killed })).toMatchObject({ failure: { code: "child-exit" } });
  const heap: ChildEnd = {
    ...clean,
    code: null,
    signal: "SIGABRT",
    lastLines: ["FATAL ERROR: JavaScript heap out of memory"],
  };
  expect(ending({ end: heap })).toMatchObject({ failure: { code: "out-of-memory" } });
});
