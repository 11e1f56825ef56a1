import type { StageRun } from "@reluctant/contracts";
import { expect, it } from "vitest";
import type { Text } from "../terminal/text.ts";
import { measurementText } from "./pi-show.ts";

const textOf = (text: Text) => (typeof text === "string" ? text : text.map((span) => span.text).join(""));
const phase = { ms: 90, leastMs: 80, mostMs: 100, bytesSent: 1_000, bytesReceived: 3_000, rounds: 2 };
const step = (of: "offline" | "online", name: string, ms: number) => ({
  ...{ phase: of, step: name, ms },
  ...{ bytesSent: 0, bytesReceived: 1_000 * ms, rounds: 1 },
});
const run = {
  id: "00000000-0000-4000-8000-000000000001",
  kind: "private-inference",
  implementation: "private-inference/delphi",
  state: "succeeded",
  params: {
    kind: "private-inference",
    model: "resnet8",
    samples: 5,
    protocol: "gmw",
    profile: "lan",
    batch: 1,
    threads: 1,
    repeat: 1,
  },
  result: {
    kind: "private-inference",
    samples: 5,
    reluCount: 10,
    privateAccuracy: 1,
    plaintextAccuracy: 1,
    agreement: 1,
    logitError: { largest: 0.01, mean: 0.001 },
    cost: {
      offline: phase,
      online: phase,
      steps: [step("offline", "relu1", 40), step("offline", "relu2", 10), step("online", "relu1", 5)],
      label: null,
    },
    machine: { processor: "Xeon", cores: 2, level: "avx2", othersShare: 0, disturbed: false },
  },
} as unknown as StageRun;

it("shows what was found, then each step with a bar of its share of the largest", () => {
  const lines = textOf(measurementText(run)).split("\n");
  expect(lines.slice(0, 2)).toEqual([
    expect.stringMatching(/^System +DELPHI$/),
    expect.stringMatching(/^ReLUs by +GMW$/),
  ]);
  const steps = lines.slice(lines.findIndex((each) => each.startsWith("step")));
  expect(steps[1]).toMatch(/^relu1 +40 ms +█{12} +40 kB +5 ms +█{12} +5 kB +1$/);
  expect(steps[2]).toMatch(/^relu2 +10 ms +█{3} +10 kB +– +– +–$/);
});

it("says what it is that has no measurement to show", () => {
  expect(() => measurementText({ ...run, kind: "train" })).toThrow("is a train, no measurement");
  expect(() => measurementText({ ...run, state: "active", result: null })).toThrow(
    "is active: it has measured nothing",
  );
});
