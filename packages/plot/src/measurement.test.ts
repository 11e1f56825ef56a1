import type { ParamsOf, PiSetting, ResultOf } from "@reluctant/contracts";
import { expect, it } from "vitest";
import { measurementFacts, settingLines, stepCosts } from "./measurement.ts";

it("tells of a batch how long it took, and an image's part", () => {
  const phase = { ms: 120, leastMs: 100, mostMs: 140, bytesSent: 1_000, bytesReceived: 3_000, rounds: 4 };
  const result = {
    samples: 8,
    privateAccuracy: 1,
    plaintextAccuracy: 1,
    agreement: 1,
    logitError: { largest: 0.01, mean: 0.001 },
    cost: { offline: phase, online: phase, label: null },
    machine: { processor: "Xeon", cores: 2, level: "avx2", othersShare: 0, disturbed: false },
  } as unknown as ResultOf<"private-inference">;
  const factsOf = (batch: number) => {
    const params = { protocol: "garbled", profile: "lan", batch, threads: 1 } as ParamsOf<"private-inference">;
    return new Map(measurementFacts(result, { implementation: "private-inference/minionn", params }));
  };
  expect(factsOf(1).get("System")).toBe("MiniONN");
  expect(factsOf(1).get("Online")).toBe("120 ms (100 ms to 140 ms), 4 kB, 4 rounds");
  expect(factsOf(8).get("Online")).toBe("120 ms (100 ms to 140 ms), 4 kB, 4 rounds, for 8 images: 15 ms an image");
});

it("tells settings apart by what gives the correlations of linear layers, where that is not the system's own", () => {
  const machine = { processor: "Xeon", cores: 2, level: "avx2", label: null, key: "" };
  const lineOf = (change: Pick<PiSetting, "system" | "linear">) =>
    settingLines({ protocol: "garbled", profile: "lan", batch: 1, threads: 1, ...machine, ...change })[0];
  expect(lineOf({ system: "delphi", linear: "dealer" })).toBe(
    "DELPHI, ReLUs by garbled circuits, lan, 1 thread a party",
  );
  expect(lineOf({ system: "delphi", linear: "he" })).toContain("garbled circuits, linear layers by encryption, lan");
  expect(lineOf({ system: "minionn", linear: "he" })).not.toContain("encryption");
  expect(lineOf({ system: "minionn", linear: "dealer" })).toContain("linear layers by dealer");
});

it("puts both phases of a step side by side, in the order of computation", () => {
  const cost = (phase: "offline" | "online", step: string, ms: number) => ({
    phase,
    step,
    ms,
    bytesSent: 10 * ms,
    bytesReceived: ms,
    rounds: 1,
  });
  const steps = [
    cost("offline", "nonce", 1),
    cost("offline", "conv", 4),
    cost("online", "input", 2),
    cost("online", "conv", 3),
  ];
  const none = { ms: 0, bytes: 0, rounds: 0 };
  expect(stepCosts(steps)).toEqual([
    { step: "nonce", offline: { ms: 1, bytes: 11, rounds: 1 }, online: none },
    { step: "conv", offline: { ms: 4, bytes: 44, rounds: 1 }, online: { ms: 3, bytes: 33, rounds: 1 } },
    { step: "input", offline: none, online: { ms: 2, bytes: 22, rounds: 1 } },
  ]);
  expect(stepCosts([])).toEqual([]);
});
