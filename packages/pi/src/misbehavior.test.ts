import { expect, it } from "vitest";
import { chooseKernels } from "./choose-kernels.ts";
import { misbehave, type Outcome, type WayName, ways } from "./test-misbehavior.ts";

it("sessions end with an error of the channel, whichever message of whichever part is wrong in whichever way", async () => {
  const kernels = chooseKernels();
  const found = new Map<WayName, Set<Outcome>>();
  for (let i = 0; i < 200; i++) {
    const { way, outcome } = (await misbehave(kernels)) ?? {};
    if (way && outcome) found.set(way, (found.get(way) ?? new Set()).add(outcome));
  }
  expect([...found.keys()].sort()).toEqual(Object.keys(ways).sort());
  for (const way of ["oversized", "of another type", "garbage between"] as const)
    expect(found.get(way)).toContain("malformed");
  expect(found.get("truncated")).toContain("closed");
});
