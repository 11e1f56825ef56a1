import { pointMeasurementSchema } from "@reluctant/contracts";
import { measurementOf } from "@reluctant/relu/testing";
import { expect, it } from "vitest";
import { defaultAsked, inSystem, inWords, requestOf } from "./asked.ts";

const phase = { ms: 1, leastMs: 1, mostMs: 1, bytesSent: 1, bytesReceived: 1, rounds: 1 };
const measurement = measurementOf({ cost: { offline: phase, online: phase, label: null } });

it("begins with what the API takes where nothing is said", () => {
  const { repeats: _, ...defaults } = pointMeasurementSchema.parse({});
  expect(requestOf(defaultAsked())).toEqual({ ...defaults, protocols: ["garbled"], linear: "dealer" });
});

it("takes a system's own blocks with it, and keeps the rest", () => {
  expect(inSystem({ ...defaultAsked(), batch: "4" }, "cheetah")).toMatchObject({
    system: "cheetah",
    protocols: ["gmw"],
    linear: "he",
    batch: "4",
  });
});

it("says what it would do: how often, how, without what", () => {
  const one = inWords(defaultAsked(), []);
  expect(one[0]).toBe("1 measurement as DELPHI computes, of 5 test images, one after another.");
  expect(one.join()).toContain("what they would cost is in no figure");
  const many = inWords({ ...inSystem(defaultAsked(), "cheetah"), profiles: ["lan", "wan"], batch: "5" }, []);
  expect(many[0]).toBe("2 measurements as Cheetah computes, each of 5 test images, 5 in each inference.");
  expect(many.join()).toContain("not all of Cheetah: comparison by IKNP");
});

it("says what was measured before, which is the same in all but its machine", () => {
  const asked = { ...defaultAsked(), protocols: ["garbled" as const, "gmw" as const], threads: "2" };
  const known = (change: Partial<typeof measurement>, of = asked) =>
    inWords(of, [{ ...measurement, ...change }]).find((line) => line.startsWith("Measured before"));
  expect(known({ threads: 2 })).toBe("Measured before, and not measured again: 1 of 2.");
  expect(known({ threads: 2, protocol: "gmw" })).toBe("Measured before, and not measured again: 1 of 2.");
  expect(known({ threads: 1 })).toBeUndefined();
  expect(known({ threads: 2, samples: 6 })).toBeUndefined();
  expect(known({ threads: 2, linear: "he" })).toBeUndefined();
  expect(known({ threads: 2 }, { ...asked, remeasure: true })).toBeUndefined();
});
