import { useState } from "react";
import { plural } from "../format.ts";
import { LineChart, type LineChartData, latestOf } from "./line-chart.tsx";
import { useNarrow } from "./use-narrow.ts";

/** Charts side by side; on a phone one of them, over a key for each that tells its last values. */
export function Charts({ charts }: { charts: LineChartData[] }) {
  const narrow = useNarrow();
  const [chosen, choose] = useState<string | null>(null);
  const shown = charts.find(({ title }) => title === chosen) ?? charts[0];
  if (!narrow || charts.length === 1 || !shown) {
    return (
      <div className="charts">
        {charts.map((chart) => (
          <LineChart key={chart.title} {...chart} />
        ))}
      </div>
    );
  }
  return (
    <div className="charts">
      <LineChart key={shown.title} {...shown} />
      <fieldset className="chart-keys" aria-label="Curves">
        {charts.map((chart) => (
          <button key={chart.title} type="button" aria-pressed={chart === shown} onClick={() => choose(chart.title)}>
            <b>{chart.title}</b>
            <span>{inBrief(chart)}</span>
          </button>
        ))}
      </fieldset>
    </div>
  );
}

/** The last values; of more than fit, how many there are. */
const inBrief = (chart: LineChartData): string =>
  chart.names.length > 4 ? plural(chart.names.length, "curve") : latestOf(chart).join(", ");
