import type { PlotDescription } from "./describe.ts";
import { type DrawOptions, drawFrontier, type PlotDrawing } from "./drawing.ts";
import { hueOf, lightTheme, type PlotTheme } from "./theme.ts";
import { escapeXml } from "./xml.ts";

export interface SvgOptions {
  /** CSS pixels; 800 × 480 unless told. */
  width?: number;
  height?: number;
  theme?: PlotTheme;
}

const lineHeight = 16;

/**
 * The plot as the text of a standalone SVG file: title, the sentence, legend and drawing. `serialize` turns the drawing
 * into XML: browsers and linkedom do it differently.
 */
export function svgFile(
  plot: PlotDescription,
  { width = 800, height = 480, theme = lightTheme, document }: SvgOptions & Pick<DrawOptions, "document">,
  serialize: (drawing: PlotDrawing) => string,
): string {
  const sentence = wrapped(plot.sentence, Math.floor((width - 32) / 6.8));
  const sentenceEnd = 46 + lineHeight * (sentence.length - 1);
  const captionEnd = sentenceEnd + lineHeight * plot.caption.length;
  const header = captionEnd + 26;
  const drawing = drawFrontier(plot, { width, height: height - header, theme, ...(document && { document }) });
  drawing.setAttribute("y", String(header));
  const font = `font-family="system-ui, sans-serif"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(plot.title)}</title><desc>${escapeXml(plot.sentence)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${theme.background}"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600" fill="${theme.ink}" ${font}>${escapeXml(plot.title)}</text>`,
    ...sentence.map(
      (line, i) =>
        `<text x="16" y="${46 + lineHeight * i}" font-size="13" fill="${theme.muted}" ${font}>${escapeXml(line)}</text>`,
    ),
    ...plot.caption.map(
      (line, i) =>
        `<text x="16" y="${sentenceEnd + lineHeight * (i + 1)}" font-size="11" fill="${theme.muted}" ${font}>${escapeXml(line)}</text>`,
    ),
    `<g font-size="12" fill="${theme.ink}" ${font}>${legend(plot, theme, captionEnd + 16)}</g>`,
    serialize(drawing),
    "</svg>\n",
  ].join("\n");
}

/** Lines of at most so many characters, broken between words. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Several such files as one, under each other, which screen readers call by the title. */
export function stacked(
  title: string,
  files: readonly string[],
  { width = 800, height = 480 }: SvgOptions = {},
): string {
  if (files.length === 1) return files[0] as string;
  const panels = files.map((file, i) => file.replace("<svg ", `<svg y="${height * i}" `));
  const size = `width="${width}" height="${height * files.length}" viewBox="0 0 ${width} ${height * files.length}"`;
  const name = `<title>${escapeXml(title)}</title>`;
  return [`<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`, name, ...panels, "</svg>\n"].join("\n");
}

/** A colored dot and a name for each method, in one row; a character is taken as 7 px wide. */
function legend(plot: PlotDescription, theme: PlotTheme, y: number): string {
  const entries = plot.methods.map((name, i) => ({ name, color: hueOf(theme, i), r: 5 }));
  if (plot.points.some((point) => !point.onFrontier)) entries.push({ name: "dominated", color: theme.faint, r: 2.75 });
  const dots = entries.map(({ name, color, r }) => ({ name, mark: `r="${r}" fill="${color}"` }));
  if (plot.points.some(({ cost }) => cost.disturbed))
    dots.push({ name: "disturbed", mark: `r="4" fill="${theme.background}" stroke="${theme.ink}"` });
  if (plot.published.length > 0)
    dots.push({ name: "published", mark: `r="2.5" fill="${theme.background}" stroke="${theme.muted}"` });
  let x = 21;
  return dots
    .map(({ name, mark: attributes }) => {
      const mark = `<circle cx="${x}" cy="${y}" ${attributes}/><text x="${x + 10}" y="${y + 4}">${escapeXml(name)}</text>`;
      x += 32 + name.length * 7;
      return mark;
    })
    .join("");
}
