import { expect, it } from "vitest";
import { stepCosts } from "./measurement.ts";

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
