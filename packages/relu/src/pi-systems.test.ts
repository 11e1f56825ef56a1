import { piSystems } from "@reluctant/contracts";
import { expect, it, test } from "vitest";
import { blocksOf, modelledCost, piSystemPresets } from "./pi-systems.ts";

test.each([
  ["delphi", { macs: 0.555e9, relus: 557_056 }, { offline: [286, 10.6e9], online: [12.3, 0.66e9] }],
  ["gazelle", { macs: 61.1e6, relus: 173_056 }, { offline: [9.34, 940e6], online: [3.56, 296e6] }],
  ["minionn", { macs: 61.1e6, relus: 173_056 }, { offline: [472, 3_046e6], online: [72, 6_226e6] }],
  ["cheetah", { macs: 4.09e9, relus: 9_608_704 }, { offline: [0, 0], online: [150, 2.3e9] }],
] as const)("%s's constants give what its paper tells of its network", (system, network, told) => {
  const modelled = modelledCost(system, network);
  for (const phase of ["offline", "online"] as const) {
    const [seconds, bytes] = told[phase];
    expect(modelled[phase].ms / 1_000).toBeCloseTo(seconds, 1);
    expect(Math.abs(modelled[phase].bytes - bytes)).toBeLessThanOrEqual(bytes * 0.01);
  }
});

it("has no cost that a smaller network lowers below zero", () => {
  for (const system of piSystems) {
    const { offline, online } = modelledCost(system, { macs: 1e6, relus: 100 });
    for (const { ms, bytes } of [offline, online]) expect(Math.min(ms, bytes)).toBeGreaterThanOrEqual(0);
  }
});

it("takes the blocks that are named, and a system's own where none are", () => {
  const named = { samples: 1, batch: 1, profiles: ["lan" as const], threads: 1, repeats: 1 };
  const own = piSystems.map((system) => blocksOf({ system, ...named }));
  expect(own).toEqual([
    { protocols: ["garbled"], linear: "dealer" },
    { protocols: ["garbled"], linear: "he" },
    { protocols: ["garbled"], linear: "he" },
    { protocols: ["gmw"], linear: "he" },
  ]);
  expect(blocksOf({ system: "delphi", ...named, protocols: ["gmw"], linear: "he" })).toEqual({
    protocols: ["gmw"],
    linear: "he",
  });
});

it("says of every system but DELPHI's what its measurements have in another's place", () => {
  const whole = piSystems.filter((system) => piSystemPresets[system].leavesOut === null);
  expect(whole).toEqual(["delphi"]);
});
