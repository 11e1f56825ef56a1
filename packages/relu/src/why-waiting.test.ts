import { expect, test } from "vitest";
import { type WaitingFacts, whyWaiting } from "./why-waiting.ts";

const facts: WaitingFacts = {
  state: "ready",
  inputs: [],
  dispatchable: true,
  pausedAlone: false,
  retryInSeconds: null,
  teamOverQuota: null,
  unservable: null,
  pool: "lab",
  slots: 8,
  freeSlots: 0,
  ahead: 12,
};

test.each<[string, Partial<WaitingFacts>, string, RegExp]>([
  ["others come first", {}, "queue", /^12 others .* 8 slots of pool lab, 0 free$/],
  ["one other comes first", { ahead: 1, slots: 1 }, "queue", /^1 other .* the one slot of pool lab, 0 free$/],
  ["many others come first", { ahead: null }, "queue", /^many others/],
  ["it is the next", { ahead: 0 }, "next", /the next to get 8 slots/],
  ["it is its turn", { ahead: 0, freeSlots: 1 }, "next", /its turn now/],
  ["nobody can take it", { unservable: "no worker of pool lab is running", retryInSeconds: 9 }, "no-worker", /running/],
  ["its team may use no more", { teamOverQuota: "lab", retryInSeconds: 9 }, "quota", /^team lab has used its quota/],
  ["it failed", { retryInSeconds: 8.2 }, "retry", /again in 9 s/],
  [
    "its inputs are not there",
    { state: "blocked", inputs: [{ kind: "train", state: "active" }] },
    "inputs",
    /train \(active\)/,
  ],
  ["it is paused, whatever else", { dispatchable: false, state: "blocked" }, "paused", /^every experiment .* paused$/],
  ["its trial is paused", { dispatchable: false, pausedAlone: true }, "paused", /^every trial .* paused$/],
  ["a job lies in the queue", { state: "active" }, "queued", /takes it next/],
])("where %s it says so", (_, change, code, message) => {
  const reason = whyWaiting({ ...facts, ...change });
  expect(reason).toEqual({ code, message: expect.stringMatching(message) });
});
