/**
 * The frontier plot and the heat maps of masks as data, free of any drawing library. Renderers have entries of their own, so that nobody loads one
 * they do not use: `./draw` (an SVG element on any document), `./svg` (a file, without a browser), `./terminal`.
 */
export * from "./axis.ts";
export * from "./csv.ts";
export * from "./describe.ts";
export * from "./group.ts";
export * from "./mask-figure.ts";
export * from "./mask-svg.ts";
export * from "./measurement.ts";
export * from "./numbers.ts";
export * from "./placed.ts";
export { dagger } from "./sentence.ts";
export * from "./series-names.ts";
export * from "./stage-subject.ts";
export { modelledText } from "./table.ts";
export * from "./theme.ts";
