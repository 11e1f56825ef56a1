import type { CostAxis, PiCost, PiMeasurement, PiSetting, PointCost } from "@reluctant/contracts";
import { median } from "./statistics.ts";

/** A setting, and how many points were measured in it. */
export type MeasuredSetting = PiSetting & { points: number };

type Measured = { measurements: readonly PiMeasurement[] };

/** What a measurement shares with those that it may be compared with. */
export function settingOf({ cost, machine, ...measurement }: PiMeasurement): PiSetting {
  const { system, protocol, linear, profile, batch, threads } = measurement;
  const { processor, cores, level } = machine;
  const counts = [`batch ${batch}`, `${threads} threads`, level, `${cores} cores`];
  const key = [system, protocol, linear, profile, ...counts, processor].map(wordOf).join("/");
  return { key, system, protocol, linear, profile, batch, threads, processor, cores, level, label: cost.label };
}

/** `AMD EPYC 9R14` → `amd-epyc-9r14`. */
const wordOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** The settings that points were measured in, most points first, then by key. */
export function measuredSettings(points: readonly Measured[]): MeasuredSetting[] {
  const settings = new Map<string, MeasuredSetting>();
  for (const { measurements } of points) {
    for (const setting of new Map(measurements.map((each) => [settingOf(each).key, settingOf(each)])).values()) {
      const { points: before } = settings.get(setting.key) ?? { points: 0 };
      settings.set(setting.key, { ...setting, points: before + 1 });
    }
  }
  return [...settings.values()].sort((a, b) => b.points - a.points || (a.key < b.key ? -1 : 1));
}

/** The setting of that key, else the first whose key holds all words of `wanted`; the first of all where nothing is wanted. */
export function chosenSetting<T extends PiSetting>(settings: readonly T[], wanted?: string): T | undefined {
  if (wanted === undefined) return settings[0];
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return (
    settings.find(({ key }) => key === wanted) ?? settings.find(({ key }) => words.every((word) => key.includes(word)))
  );
}

/** What an inference cost along an axis: its median, least and most. */
const amounts: Record<CostAxis, (cost: Pick<PiCost, "offline" | "online">) => [number, number, number]> = {
  "online-latency": ({ online }) => [online.ms, online.leastMs, online.mostMs],
  "online-bytes": ({ online }) => {
    const bytes = online.bytesSent + online.bytesReceived; // the same of every image
    return [bytes, bytes, bytes];
  },
  total: ({ offline, online }) => [
    offline.ms + online.ms,
    offline.leastMs + online.leastMs,
    offline.mostMs + online.mostMs,
  ],
};

/** A point's cost along an axis in a setting; undefined where it was not measured there. */
export function costOn(axis: CostAxis, key: string, { measurements }: Measured): PointCost | undefined {
  const all = measurements.filter((measurement) => settingOf(measurement).key === key);
  const alone = all.filter(({ machine }) => !machine.disturbed);
  const counted = (alone.length > 0 ? alone : all).map(({ cost }) => amounts[axis](cost));
  if (counted.length === 0) return undefined;
  return {
    value: median(counted.map(([value]) => value)),
    least: Math.min(...counted.map(([, least]) => least)),
    most: Math.max(...counted.map(([, , most]) => most)),
    measurements: counted.length,
    disturbed: alone.length === 0,
  };
}
