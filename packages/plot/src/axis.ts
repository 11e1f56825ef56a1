import type { FrontierAxis } from "@reluctant/contracts";
import { bytes, compact, count, milliseconds } from "./numbers.ts";

export interface Tick {
  value: number;
  label: string;
}

export interface Axis {
  label: string;
  scale: "log" | "linear";
  /** Least and greatest value shown, in the data's unit. */
  domain: [number, number];
  ticks: Tick[];
}

/** Mantissas of the ticks of a log axis; the first that give at least three ticks and not too many are taken. */
const decades = [1];
const mantissas = [[1, 2, 5], decades, [1, 1.5, 2, 3, 4, 5, 6, 8]];
const maxLogTicks = 9;

/** Ticks of a log axis: 1k 2k 5k 10k …; decades only over a wide range, evenly spaced values over a narrow one. */
export function logTicks([low, high]: [number, number], label: (value: number) => string = compact): Tick[] {
  const values = mantissas
    .map((set) => logValues(low, high, set))
    .find(({ length }) => length >= 3 && length <= maxLogTicks);
  if (values) return values.map((value) => ({ value, label: label(value) }));
  const powers = logValues(low, high, decades);
  return powers.length > maxLogTicks ? thin(powers, label) : linearTicks([low, high], 5, label);
}

function logValues(low: number, high: number, set: number[]): number[] {
  const values: number[] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade++) {
    for (const mantissa of set) {
      const value = +(mantissa * 10 ** decade).toPrecision(6);
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}

const thin = (values: number[], label: (value: number) => string): Tick[] => {
  const every = Math.ceil(values.length / maxLogTicks);
  return values.filter((_, i) => i % every === 0).map((value) => ({ value, label: label(value) }));
};

/** At most about `maxTicks` round values (steps of 1, 2 or 5 times a power of ten) inside the domain. */
export function linearTicks(
  [low, high]: [number, number],
  maxTicks: number,
  label: (value: number, step: number) => string,
): Tick[] {
  const step = niceStep((high - low) / maxTicks);
  const ticks: Tick[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    const value = +(i * step).toPrecision(12);
    ticks.push({ value, label: label(value, step) });
  }
  return ticks;
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const mantissa = rough / power;
  return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
}

/** How screens speak of an axis of the frontier, and of a value on it. */
interface AxisWords {
  /** On buttons and columns. */
  name: string;
  /** Under the drawing, for a model of so many ReLUs. */
  label: (totalRelus: number) => string;
  tick: (value: number) => string;
  text: (value: number) => string;
}

export const axisWords: Record<FrontierAxis, AxisWords> = {
  relus: {
    name: "ReLUs",
    label: (totalRelus) => `ReLUs kept (of ${count(totalRelus)})`,
    tick: compact,
    text: (value) => `${count(value)} ReLUs`,
  },
  "online-latency": {
    name: "Online latency",
    label: () => "Online latency of an inference",
    tick: milliseconds,
    text: milliseconds,
  },
  "online-bytes": {
    name: "Online bytes",
    label: () => "Online bytes of an inference, both ways",
    tick: bytes,
    text: bytes,
  },
  total: {
    name: "Total latency",
    label: () => "Latency of an inference, offline and online",
    tick: milliseconds,
    text: milliseconds,
  },
};

/** x of the frontier of a model of so many ReLUs. */
export function costAxis(axis: FrontierAxis, domain: [number, number], totalRelus: number): Axis {
  const { label, tick } = axisWords[axis];
  return { label: label(totalRelus), scale: "log", domain, ticks: logTicks(domain, tick) };
}

/** y of the frontier: test accuracy as a share, ticks in percent with as many decimals as the step needs. */
export function accuracyAxis(domain: [number, number]): Axis {
  const ticks = linearTicks(domain, 8, (value, step) =>
    (value * 100).toFixed(step < 0.00999 ? (step < 0.000999 ? 2 : 1) : 0),
  );
  return { label: "Test accuracy (%)", scale: "linear", domain, ticks };
}

/** Where a value lies on an axis: 0 at the start of its domain, 1 at the end. */
export function position(axis: Axis, value: number): number {
  const [low, high] = axis.domain;
  return axis.scale === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}
