import { DOMParser } from "linkedom";
import type { PlotDescription } from "./describe.ts";
import { type SvgOptions, svgFile } from "./svg-file.ts";

export { type SvgOptions, stacked } from "./svg-file.ts";

/** The plot as the text of a standalone SVG file, without a browser. */
export function renderSvg(plot: PlotDescription, options: SvgOptions = {}): string {
  const document = new DOMParser().parseFromString("<svg/>", "image/svg+xml"); // an XML document, so that attributes are escaped
  return svgFile(plot, { ...options, document: document as unknown as Document }, String);
}
