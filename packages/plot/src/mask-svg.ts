import type { MaskFigure, MaskPanel } from "./mask-figure.ts";
import { shadePaths, shareText } from "./mask-figure.ts";
import { count, percent } from "./numbers.ts";
import { hueOf, lightTheme, type PlotTheme } from "./theme.ts";
import { escapeXml } from "./xml.ts";

const margin = 16;
const side = 120;
const gap = 16;
/** Name above a map, numbers below it. */
const above = 18;
const below = 64;
const header = 88;
const font = `font-family="system-ui, sans-serif"`;

/** The heat maps as the text of a standalone SVG file, `columns` in a row; without a document, so anywhere. */
export function maskSvg(
  figure: MaskFigure,
  { columns = 6, theme = lightTheme }: { columns?: number; theme?: PlotTheme } = {},
): string {
  const rows = Math.ceil(figure.panels.length / columns);
  const width = 2 * margin + columns * side + (columns - 1) * gap;
  const height = header + rows * (above + side + below) + margin;
  const place = (index: number) =>
    `translate(${margin + (index % columns) * (side + gap)},${header + Math.floor(index / columns) * (above + side + below)})`;
  const panels = figure.panels.map((panel, index) => `<g transform="${place(index)}">${panelSvg(panel, theme)}</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(figure.title)}</title><desc>${escapeXml(figure.sentence)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${theme.background}"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600" fill="${theme.ink}" ${font}>${escapeXml(figure.title)}</text>`,
    `<text x="16" y="46" font-size="13" fill="${theme.muted}" ${font}>${escapeXml(figure.sentence)}</text>`,
    `<text x="16" y="64" font-size="11" fill="${theme.muted}" ${font}>${maskKey}</text>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

/** How to read the maps. */
export const maskKey = "The stronger the color, the more channels keep their ReLU there, up to the layer's most.";

function panelSvg(panel: MaskPanel, theme: PlotTheme): string {
  const { layer, height, width } = panel;
  const scale = side / Math.max(height, width);
  const shaded = shadePaths(panel).map(({ opacity, path }) => `<path fill-opacity="${opacity}" d="${path}"/>`);
  const lines = panelText(panel).map(
    (line, i) =>
      `<text y="${above + side + 14 + 14 * i}" font-size="11" fill="${theme.muted}" ${font}>${escapeXml(line)}</text>`,
  );
  return [
    `<text y="10" font-size="12" fill="${theme.ink}" ${font}>${escapeXml(layer)}</text>`,
    `<g transform="translate(0,${above}) scale(${scale})" fill="${hueOf(theme, 0)}" shape-rendering="crispEdges">`,
    ...shaded,
    "</g>",
    `<rect y="${above}" width="${width * scale}" height="${height * scale}" fill="none" stroke="${theme.grid}"/>`,
    ...lines,
  ].join("");
}

/** What stands below a map: how many units are kept, of how many, at most where, and what the last update left. */
export const panelText = (panel: MaskPanel): string[] => [
  `${count(panel.kept)} of ${count(panel.size)}`,
  shareText(panel, `at most ${percent(panel.max, 0)}`),
  ...(panel.stayed === null ? [] : [`${percent(panel.stayed, 0)} stayed`]),
];
