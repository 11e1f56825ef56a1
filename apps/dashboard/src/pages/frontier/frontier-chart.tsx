import type { FrontierAxis } from "@reluctant/contracts";
import { count, hueOf, type PlotDescription, type PlotPoint, type PlotTheme, type Region, zoom } from "@reluctant/plot";
import { drawFrontier, type PlotDrawing } from "@reluctant/plot/draw";
import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { MeasureDialog, type Network } from "../../measuring/measure-dialog.tsx";
import { useMay } from "../../session/use-may.ts";
import { elementOf } from "../../ui/element-of.ts";
import { brushedRegion, nearest, type Rectangle, type Scales } from "./brush.ts";
import { PointCard } from "./point-card.tsx";

/** The page's own colors, so that the drawing follows light and dark by itself. */
const theme: PlotTheme = {
  background: "var(--bg)",
  ink: "var(--ink)",
  muted: "var(--muted)",
  grid: "var(--line)",
  faint: "var(--faint)",
  hues: [1, 2, 3, 4, 5, 6].map((i) => `var(--hue-${i})`),
};
const height = 460;
/** Pixels around a point in which the pointer means it. */
const reach = 24;

interface Place {
  point: PlotPoint;
  x: number;
  y: number;
}

/** The plot: hover or tap for a point's card, click then to open its trial, drag to zoom, double click to see all again. */
export function FrontierChart({ plot }: { plot: PlotDescription }) {
  const [marked, setMarked] = useState<{ axis: FrontierAxis; region: Region } | null>(null);
  const [hover, setHover] = useState<Place | null>(null);
  const [measured, setMeasured] = useState<PlotPoint | null>(null);
  const mayMeasure = useMay("member");
  const [drag, setDrag] = useState<Rectangle | null>(null);
  const [, navigate] = useLocation();
  const shown = useMemo(() => (marked ? zoom(plot, regionOn(plot, marked)) : plot), [plot, marked]);
  const { host, width, places, scales } = useDrawing(shown);
  /** What is shown already, before it is drawn: a click may follow the move to a point at once. */
  const under = useRef<Place | null>(null);
  /** Whose card was there when the pointer came down: a finger's first tap on a point only shows it. */
  const opened = useRef<PlotPoint | null>(null);
  const show = (place: Place | null) => {
    under.current = place;
    setHover(place);
  };

  const at = (event: MouseEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const onMove = (event: MouseEvent) => {
    const { x, y } = at(event);
    if (drag) setDrag({ ...drag, x2: x, y2: y });
    show(drag ? null : nearest(places, x, y, reach));
  };
  const onUp = (event: MouseEvent) => {
    const { x, y } = at(event);
    const region = drag && scales && brushedRegion({ ...drag, x2: x, y2: y }, scales);
    setDrag(null);
    if (region) setMarked({ axis: plot.axis, region });
    else if (opened.current && opened.current === under.current?.point) open(opened.current, navigate);
  };

  return (
    <div className="frontier">
      <div className="row">
        <span className="legend">
          {plot.methods.map((method, i) => (
            <span key={method}>
              <i style={{ background: hueOf(theme, i) }} />
              {method}
            </span>
          ))}
          {plot.published.length > 0 && (
            <span title={plot.published.map(({ method, source }) => `${method}: ${source}`).join("\n")}>
              <i data-part="published" />
              published
            </span>
          )}
          {plot.points.some(({ cost }) => cost.disturbed) && (
            <span>
              <i data-part="disturbed" />
              disturbed
            </span>
          )}
          {plot.points.some((point) => !point.onFrontier) && (
            <span>
              <i data-part="dominated" />
              dominated
            </span>
          )}
        </span>
        <span className="grow" />
        {marked ? (
          <button type="button" onClick={() => setMarked(null)}>
            Show all
          </button>
        ) : (
          <span className="muted hint">Drag to zoom</span>
        )}
      </div>
      <figure
        className="surface"
        data-over={hover ? "point" : undefined}
        onPointerDown={() => {
          opened.current = under.current?.point ?? null;
        }}
        onMouseMove={onMove}
        onMouseDown={(event) => {
          const { x, y } = at(event);
          setDrag({ x1: x, y1: y, x2: x, y2: y });
          event.preventDefault();
        }}
        onMouseUp={onUp}
        onMouseLeave={() => {
          show(null);
          setDrag(null);
        }}
        onDoubleClick={() => setMarked(null)}
      >
        <div ref={host} style={{ height }} />
        {drag && <span className="brush" style={box(drag)} />}
        {hover && (
          <PointCard
            point={hover.point}
            axis={plot.axis}
            setting={plot.setting}
            totalRelus={plot.totalRelus}
            spot={{ x: hover.x, y: hover.y, width, height }}
            onMeasure={mayMeasure && networksOf(hover.point).length > 0 ? () => setMeasured(hover.point) : null}
          />
        )}
      </figure>
      {measured && (
        <MeasureDialog title={titleOf(measured)} networks={networksOf(measured)} onClose={() => setMeasured(null)} />
      )}
    </div>
  );
}

/** Those of a point's results that are the team's own. A narrower network is measured with none. */
const networksOf = ({ runs, width }: PlotPoint): Network[] =>
  width < 1
    ? []
    : runs.flatMap(({ id, seed, trialId, measurements }) => (trialId ? [{ pointId: id, seed, measurements }] : []));

/** `senet · 18,841 ReLUs` */
const titleOf = ({ method, reluCount }: PlotPoint): string => `${method} · ${count(reluCount)} ReLUs`;

/** Seen over another axis, what was marked keeps its accuracies, and shows every cost. */
const regionOn = (plot: PlotDescription, { axis, region }: { axis: FrontierAxis; region: Region }): Region =>
  axis === plot.axis ? region : { x: plot.x.domain, y: region.y };

const box = ({ x1, y1, x2, y2 }: Rectangle) => ({
  left: Math.min(x1, x2),
  top: Math.min(y1, y2),
  width: Math.abs(x2 - x1),
  height: Math.abs(y2 - y1),
});

/** Opens the trial of the first of a point's results that is the team's own, at the point's width. */
function open(point: PlotPoint, navigate: (to: string) => void): void {
  const run = point.runs.find(({ trialId }) => trialId);
  if (run) navigate(`/trials/${run.trialId}${point.width < 1 ? `?width=${run.variant}` : ""}`);
}

/** Keeps the SVG in `host` as wide as its column, and says where the points came to lie. */
function useDrawing(plot: PlotDescription) {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [drawn, setDrawn] = useState<{ places: Place[]; scales: Scales | null }>({ places: [], scales: null });

  useEffect(() => {
    const resized = new ResizeObserver((entries) => {
      for (const { contentRect } of entries) setWidth(Math.round(contentRect.width));
    });
    resized.observe(elementOf(host));
    return () => resized.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0) return;
    const drawing = drawFrontier(plot, { width, height, theme });
    elementOf(host).replaceChildren(drawing);
    setDrawn(placesOf(drawing, plot));
  }, [plot, width]);

  return { host, width, ...drawn };
}

function placesOf(drawing: PlotDrawing, plot: PlotDescription): { places: Place[]; scales: Scales } {
  const x = scaleOf(drawing, "x");
  const y = scaleOf(drawing, "y");
  const inside = (point: PlotPoint): boolean =>
    point.cost.value >= plot.x.domain[0] &&
    point.cost.value <= plot.x.domain[1] &&
    point.accuracy >= plot.y.domain[0] &&
    point.accuracy <= plot.y.domain[1];
  const places = plot.points
    .filter(inside)
    .map((point) => ({ point, x: x.apply(point.cost.value), y: y.apply(point.accuracy) }));
  const clamp = (value: number, [low, high]: [number, number]): number => Math.min(high, Math.max(low, value));
  return {
    places,
    scales: {
      x: (pixel) => clamp(x.invert(pixel), plot.x.domain),
      y: (pixel) => clamp(y.invert(pixel), plot.y.domain),
    },
  };
}

/** What turns values of an axis into pixels, and pixels into values. */
function scaleOf(drawing: PlotDrawing, axis: "x" | "y") {
  const scale = drawing.scale(axis);
  if (!scale?.invert) throw new Error(`the drawing has no ${axis} scale that turns pixels into values`);
  return { apply: scale.apply, invert: scale.invert };
}
