import { compact, count } from "@reluctant/plot";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { elementOf } from "./element-of.ts";

export interface LineChartData {
  title: string;
  unit: string;
  names: string[];
  steps: number[];
  values: (number | null)[][];
}

const height = 180;

/** Series over steps; new points are put into the living chart, so that watching costs little. */
export function LineChart({ title, unit, names, steps, values }: LineChartData) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data = useMemo(() => [steps, ...values] as uPlot.AlignedData, [steps, values]);
  const latestData = useRef(data);
  latestData.current = data;
  const key = names.join("\n");

  useEffect(() => {
    const element = elementOf(host);
    const build = () => {
      chart.current?.destroy();
      chart.current = new uPlot(options(key.split("\n"), unit, element.clientWidth), latestData.current, element);
    };
    build();
    const resized = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", build); // a canvas does not follow CSS variables
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", build);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [key, unit]);

  useEffect(() => chart.current?.setData(data), [data]);

  const latest = latestOf({ names, values, unit });
  return (
    <figure className="chart">
      <figcaption>
        <b>{title}</b>
        <span className="legend">
          {latest.map((text, i) => (
            <span key={text}>
              <i style={{ background: `var(${hueOf(i)})` }} />
              {text}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={host} role="img" aria-label={`${title} over ${steps.length} steps: ${latest.join(", ")}`} />
    </figure>
  );
}

/** The last value of each series, by name where there are several: `train 91.2 %`. */
export const latestOf = ({ names, values, unit }: Pick<LineChartData, "names" | "values" | "unit">): string[] =>
  values.map((series, i) => [names.length > 1 && names[i], format(lastOf(series), unit)].filter(Boolean).join(" "));

const lastOf = (series: (number | null)[]): number | null => series.findLast((value) => value !== null) ?? null;
const format = (value: number | null, unit: string): string => {
  if (value === null) return "–";
  const written = Math.abs(value) >= 1_000 || unit === "img/s" ? count(value) : String(+value.toPrecision(4));
  return unit ? `${written} ${unit}` : written;
};

/** Digits enough to tell two ticks apart, however small they are. */
const tick = (value: number): string => (Math.abs(value) >= 10_000 ? compact(value) : String(+value.toPrecision(6)));

const hues = 6;
const hueOf = (series: number): string => `--hue-${(series % hues) + 1}`;
/** Of the first six series, the next six, and so on: a layer each is up to twenty. */
const dashes = [[], [6, 3], [2, 3]];

function options(names: string[], unit: string, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--muted"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [12, 20, 0, 0], // the last label of the axis stands half beyond it
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 28, grid: { show: false } },
      { ...axis, size: 52, values: (_: uPlot, ticks: number[]) => ticks.map(tick) },
    ],
    series: [
      { label: "step" },
      ...names.map((label, i) => ({
        label,
        stroke: color(hueOf(i)),
        dash: dashes[Math.floor(i / hues)] ?? [],
        width: 1.5,
        spanGaps: true,
        points: { show: false },
        value: (_: uPlot, value: number | null) => format(value, unit),
      })),
    ],
  };
}
