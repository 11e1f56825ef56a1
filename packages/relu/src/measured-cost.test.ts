import type { CostAxis, PiMeasurement } from "@reluctant/contracts";
import { expect, it } from "vitest";
import { chosenSetting, costOn, measuredSettings, settingOf } from "./measured-cost.ts";
import { idleMachine, measurementOf } from "./testing.ts";

const phase = (ms: number, bytes: number) => ({
  ms,
  leastMs: ms - 1,
  mostMs: ms + 2,
  bytesSent: bytes,
  bytesReceived: 3 * bytes,
  rounds: 4,
});

const measurement = (onlineMs: number, change: Partial<PiMeasurement> = {}) =>
  measurementOf({
    cost: {
      offline: phase(100, 1_000),
      online: phase(onlineMs, 10),
      label: "dealer: offline linear cost not included",
    },
    ...change,
  });

const keyOf = (each: PiMeasurement) => settingOf(each).key;
const on = (axis: CostAxis, measurements: PiMeasurement[]) =>
  costOn(axis, keyOf(measurements[0] as PiMeasurement), { measurements });

it("gives the median of a setting's measurements, and the least and most of their samples", () => {
  const measurements = [measurement(10), measurement(30), measurement(20), measurement(1, { profile: "wan" })];
  expect(on("online-latency", measurements)).toEqual({
    value: 20,
    least: 9,
    most: 32,
    measurements: 3,
    disturbed: false,
  });
  expect(on("online-bytes", measurements)).toMatchObject({ value: 40, least: 40, most: 40 });
  expect(on("total", measurements)).toMatchObject({ value: 120, least: 108, most: 134 });
});

it("counts what was disturbed only where nothing else was measured", () => {
  const disturbed = measurement(90, { machine: { ...idleMachine, disturbed: true } });
  expect(on("online-latency", [disturbed, measurement(10)])).toMatchObject({
    value: 10,
    disturbed: false,
    measurements: 1,
  });
  expect(on("online-latency", [disturbed])).toMatchObject({ value: 90, disturbed: true });
});

it("tells settings apart by protocol, linear layers, network and machine, most points first", () => {
  const lan = measurement(10);
  const others: PiMeasurement[] = [
    measurement(1, { protocol: "gmw" }),
    measurement(1, { profile: "wan" }),
    measurement(1, { machine: { ...idleMachine, cores: 4 } }),
    measurement(1, { linear: "he" }),
  ];
  expect(new Set([lan, ...others].map(keyOf)).size).toBe(5);
  expect(costOn("total", keyOf(lan), { measurements: others })).toBeUndefined();
  const settings = measuredSettings([{ measurements: [lan, lan, ...others] }, { measurements: [lan] }]);
  expect(settings.map(({ points }) => points)).toEqual([2, 1, 1, 1, 1]);
  expect(settings[0]?.key).toBe("delphi/garbled/dealer/lan/batch-1/1-threads/avx2/2-cores/xeon-r-9");
});

it("is chosen by its key or by words of it", () => {
  const settings = measuredSettings([{ measurements: [measurement(1), measurement(1, { protocol: "gmw" })] }]);
  expect(chosenSetting(settings)).toBe(settings[0]);
  expect(chosenSetting(settings, "GMW lan")?.protocol).toBe("gmw");
  expect(chosenSetting(settings, settings[1]?.key)).toBe(settings[1]);
  expect(chosenSetting(settings, "wan")).toBeUndefined();
});
