import type { FrontierAxis, PiSetting } from "@reluctant/contracts";
import {
  axisWords,
  budgetShare,
  compact,
  count,
  dagger,
  modelledText,
  type PlotPoint,
  percent,
  widthText,
} from "@reluctant/plot";
import { piSystemPresets } from "@reluctant/relu";
import type { SyntheticEvent } from "react";
import { gpuTime, shortId } from "../../format.ts";
import { beside, type Spot } from "./beside.ts";

interface Props {
  point: PlotPoint;
  axis: FrontierAxis;
  /** Of the measurements that are drawn. */
  setting: PiSetting | null;
  totalRelus: number;
  /** Where the point lies in its plot. */
  spot: Spot;
  /** Asks for a measurement of it; null where that cannot be. */
  onMeasure: (() => void) | null;
}

/** By which `reluctant pi` measures one; of many seeds `reluctant frontier` lists the others. */
const mostIds = 3;

/**
 * Everything about one point; on the side of it that has room. The pointer passes through it to the points behind, but for its
 * one button, which begins beside the point.
 */
export function PointCard({ spot, onMeasure, ...described }: Props) {
  const place = beside(spot);
  return (
    <div className="card" style={place} data-hangs={place.top !== undefined} data-left={place.left === undefined}>
      {onMeasure && <MeasureButton onClick={onMeasure} />}
      <PointFacts {...described} />
    </div>
  );
}

/** What the pointer does on it is not meant for the plot. */
const MeasureButton = ({ onClick }: { onClick: () => void }) => (
  <button type="button" onClick={onClick} onPointerDown={stop} onMouseMove={stop} onMouseDown={stop} onMouseUp={stop}>
    Measure private inference…
  </button>
);

const stop = (event: SyntheticEvent): void => event.stopPropagation();

function PointFacts({ point, axis, setting, totalRelus }: Omit<Props, "spot" | "onMeasure">) {
  return (
    <dl>
      <dt>{point.method}</dt>
      <dd>{point.onFrontier ? "on the frontier" : "dominated"}</dd>
      {axis !== "relus" && setting && (
        <>
          <dt>{axisWords[axis].name}</dt>
          <dd>
            {axisWords[axis].text(point.cost.value)}
            {point.cost.most > point.cost.least &&
              ` (${axisWords[axis].text(point.cost.least)} to ${axisWords[axis].text(point.cost.most)})`}
            {point.cost.disturbed && ", disturbed"}
          </dd>
          <dt>Modelled, published constants</dt>
          <dd>
            {modelledText(axis, setting.system, point)} ({piSystemPresets[setting.system].title})
          </dd>
        </>
      )}
      <dt>ReLUs kept</dt>
      <dd>
        {count(point.reluCount)} ({budgetShare(point.reluCount, totalRelus)})
      </dd>
      {point.budget !== null && point.budget !== point.reluCount && (
        <>
          <dt>Budget</dt>
          <dd>{count(point.budget)}</dd>
        </>
      )}
      {point.polynomialUnits > 0 && (
        <>
          <dt>Polynomial units</dt>
          <dd>{count(point.polynomialUnits)}: not equal in cost to a network that has none</dd>
        </>
      )}
      {point.width < 1 && (
        <>
          <dt>Width</dt>
          <dd>{widthText(point.width)} of the channels</dd>
        </>
      )}
      <dt>MACs</dt>
      <dd>{compact(point.macs)}</dd>
      <dt>Test accuracy</dt>
      <dd>
        {percent(point.accuracy)}
        {dagger(point)}
        {point.standardError !== null && ` ± ${(point.standardError * 100).toFixed(2)}`}
      </dd>
      <dt>Validation</dt>
      <dd>{percent(point.validationAccuracy)}</dd>
      <dt>{point.seeds.length === 1 ? "Seed" : "Seeds"}</dt>
      <dd>{point.seeds.join(", ")}</dd>
      <dt>{point.runs.length === 1 ? "Id" : "Ids"}</dt>
      <dd>
        <code>
          {point.runs
            .slice(0, mostIds)
            .map(({ id }) => shortId(id))
            .join(" ")}
        </code>
        {point.runs.length > mostIds && ` and ${point.runs.length - mostIds} more`}
      </dd>
      {point.suspect !== null && (
        <>
          <dt>† Suspect</dt>
          <dd>{point.suspect}</dd>
        </>
      )}
      <dt>Recipe</dt>
      <dd>{point.recipe}</dd>
      <dt>Images seen</dt>
      <dd>{compact(point.images)}</dd>
      <dt>GPU time</dt>
      <dd>{gpuTime(point.gpuSeconds)}</dd>
    </dl>
  );
}
