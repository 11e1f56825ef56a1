import { type HeatMap, shadePaths } from "@reluctant/plot";

interface Props {
  map: HeatMap;
  /** What it shows, for those who do not see it. */
  label: string;
  /** CSS pixels; the places are stretched to it. */
  width: number;
  height: number;
}

/** Shades of the first hue on the page's ground. */
export const HeatMapView = ({ map, label, width, height }: Props) => (
  <svg
    className="heat-map"
    width={width}
    height={height}
    viewBox={`0 0 ${map.width} ${map.height}`}
    preserveAspectRatio="none"
    role="img"
    aria-label={label}
  >
    <title>{label}</title>
    {shadePaths(map).map(({ opacity, path }) => (
      <path key={opacity} fillOpacity={opacity} d={path} />
    ))}
  </svg>
);
