/** Drawing on a document: an SVG element for a page, or the text of an SVG file. */
export * from "./drawing.ts";
export * from "./svg-file.ts";
