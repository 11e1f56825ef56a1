import type { Frontier, FrontierAxis, FrontierPoint, PointCost } from "@reluctant/contracts";
import { chosenSetting, costOn, type MeasuredSetting, measuredSettings } from "@reluctant/relu";
import type { PlacedRun } from "./group.ts";

/** What a plot is drawn over. */
export interface Cost {
  axis: FrontierAxis;
  /** Key of a setting of measurements, or words of it; the one with most points unless told. */
  setting?: string | undefined;
}

/** Single results, each with its place along an axis. */
export interface Placed {
  axis: FrontierAxis;
  /** Those that have a place. An all-ReLU model always has: its accuracy is drawn, whatever it costs. */
  runs: PlacedRun[];
  /** Settings that there are measurements of, and the one whose measurements give the places: null on the axis of ReLUs. */
  settings: MeasuredSetting[];
  setting: MeasuredSetting | null;
  /** Partial-ReLU results that have no place. */
  unmeasured: number;
}

/** Only measurements of one setting share a plot: another protocol, network or machine gives other figures. */
export function place(points: Frontier["points"], { axis, setting: wanted }: Cost): Placed {
  const settings = measuredSettings(points);
  if (axis === "relus") {
    const runs = points.map((point) => ({ ...point, cost: exactly(point.reluCount) }));
    return { axis, runs, settings, setting: null, unmeasured: 0 };
  }
  const setting = chosenSetting(settings, wanted) ?? null;
  const placeOf = (point: FrontierPoint): PointCost | undefined =>
    (setting && costOn(axis, setting.key, point)) ?? (point.method === "ar" ? nowhere : undefined);
  const runs = points.flatMap((point) => {
    const cost = placeOf(point);
    return cost ? [{ ...point, cost }] : [];
  });
  return { axis, runs, settings, setting, unmeasured: points.length - runs.length };
}

const exactly = (value: number): PointCost => ({
  value,
  least: value,
  most: value,
  measurements: 0,
  disturbed: false,
});

const nowhere = exactly(Number.POSITIVE_INFINITY);
