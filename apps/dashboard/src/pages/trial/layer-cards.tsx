import { budgetShare, count, maskKey, percent, shareText } from "@reluctant/plot";
import { HeatMapView } from "./heat-map.tsx";
import type { LayerRow } from "./trial-layers.ts";

const mapSide = 160;

/** For each layer its sensitivity, what it keeps of its size, and where. Bars have one scale over all layers. */
export function LayerCards({ rows }: { rows: LayerRow[] }) {
  const mostSensitive = Math.max(...rows.map(({ sensitivity }) => sensitivity ?? 0));
  const largest = Math.max(...rows.map(({ panel }) => panel?.size ?? 0));
  return (
    <>
      <p className="muted">
        Sensitivity: against the most sensitive layer's. ReLUs kept: within a frame as long as the layer is large.{" "}
        {maskKey}
      </p>
      <ol className="layers">
        {rows.map((row) => (
          <li key={row.layer}>
            <h3>
              {row.layer} {row.panel && <small>{row.panel.shape.join(" × ")}</small>}
            </h3>
            <Sensitivity value={row.sensitivity} max={mostSensitive} />
            {row.panel && <Kept panel={row.panel} largest={largest} />}
            {row.panel && <Mask panel={row.panel} />}
          </li>
        ))}
      </ol>
    </>
  );
}

const Sensitivity = ({ value, max }: { value: number | null; max: number }) => (
  <Bar
    text={value === null ? "no sensitivity run" : `sensitivity ${percent(value, 1)}`}
    frame={value === null ? 0 : 1}
    filled={value === null ? 0 : value / max}
    part="sensitivity"
  />
);

const Kept = ({ panel: { kept, size }, largest }: { panel: NonNullable<LayerRow["panel"]>; largest: number }) => (
  <Bar
    text={`${count(kept)} of ${count(size)} kept, ${budgetShare(kept, size)}`}
    frame={size / largest}
    filled={kept / size}
    part="kept"
  />
);

/** `frame`: its length as a share of the card's; `filled`: a share of the frame. */
const Bar = ({ text, frame, filled, part }: { text: string; frame: number; filled: number; part: string }) => (
  <div className="layer-bar">
    <span>{text}</span>
    {frame > 0 && (
      <b style={{ width: `${100 * frame}%` }}>
        <i style={{ width: `${100 * filled}%` }} data-part={part} />
      </b>
    )}
  </div>
);

function Mask({ panel }: { panel: NonNullable<LayerRow["panel"]> }) {
  const { layer, width, height, kept, max, stayed } = panel;
  const scale = mapSide / Math.max(width, height);
  const share = shareText(panel, `at most ${percent(max, 0)} of the channels`);
  const notes = [
    ...(kept === 0 ? [] : [`at most ${percent(max, 0)}`]),
    ...(stayed === null ? [] : [`${percent(stayed, 0)} stayed`]),
  ];
  return (
    <>
      <HeatMapView map={panel} width={width * scale} height={height * scale} label={`Mask of ${layer}: ${share}`} />
      <p className="muted">{notes.join(", ")}</p>
    </>
  );
}
