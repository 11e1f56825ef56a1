import type { StageRun } from "@reluctant/contracts";
import { type HeatMap, type MaskUpdate, percent } from "@reluctant/plot";
import { LineChart } from "../../ui/line-chart.tsx";
import { HeatMapView } from "./heat-map.tsx";

/** How a search came to its masks: units exchanged at each update, over all and by layer, or its course under a penalty. */
export function ExchangeHistory({ search, updates }: { search: StageRun; updates: MaskUpdate[] }) {
  const course = search.result?.kind === "mask-search" ? search.result.course : undefined;
  if (!search.result) return <p className="muted">The history comes with the search's result.</p>;
  if (course?.length) {
    return (
      <LineChart
        title="ReLUs kept"
        unit=""
        names={["kept"]}
        steps={course.map(({ step }) => step)}
        values={[course.map(({ kept }) => kept)]}
      />
    );
  }
  if (updates.length === 0) return <p className="muted">This search updates no masks on its way.</p>;
  return (
    <div className="charts">
      <LineChart
        title="Units exchanged"
        unit="%"
        names={["exchanged"]}
        steps={updates.map(({ step }) => step)}
        values={[updates.map(({ distance }) => 100 * distance)]}
      />
      <ByLayer search={search} updates={updates} />
    </div>
  );
}

const rowHeight = 16;
const mapWidth = 320;

/** A row for each layer, a column for each update; darker where more of the kept units left. */
function ByLayer({ search, updates }: { search: StageRun; updates: MaskUpdate[] }) {
  const layers = search.result?.kind === "mask-search" ? search.result.allocation.map(({ layer }) => layer) : [];
  const shares = layers.flatMap((_, l) => updates.map(({ overlap }) => 1 - (overlap[l] ?? 1)));
  const map: HeatMap = { width: updates.length, height: layers.length, shares, max: Math.max(...shares) };
  return (
    <figure className="chart">
      <figcaption>
        <b>Exchanged by layer</b>
        <span className="muted">
          {updates.length} updates from left to right, at most {percent(map.max, 1)}; at the right the last
        </span>
      </figcaption>
      <div className="scroll">
        <table className="by-layer">
          <tbody>
            {layers.map((layer, l) => (
              <tr key={layer} style={{ height: rowHeight }}>
                <th scope="row">{layer}</th>
                {l === 0 && (
                  <td rowSpan={layers.length}>
                    <HeatMapView
                      map={map}
                      width={mapWidth}
                      height={rowHeight * layers.length}
                      label={`Share of kept units exchanged, ${layers.length} layers over ${updates.length} updates`}
                    />
                  </td>
                )}
                <td className="number">{percent(1 - (updates.at(-1)?.overlap[l] ?? 1), 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
