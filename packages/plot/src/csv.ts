import type { FrontierPoint } from "@reluctant/contracts";
import type { Plotted } from "./describe.ts";
import { widthOf } from "./group.ts";

const columns: [name: string, value: (point: FrontierPoint, frontier: Plotted) => string | number | boolean | null][] =
  [
    ["dataset", (_, frontier) => frontier.dataset],
    ["dataset_version", (_, frontier) => frontier.datasetVersion],
    ["model", (_, frontier) => frontier.model],
    ["method", (point) => point.method],
    ["variant", (point) => point.variant],
    ["width", (point) => widthOf(point)],
    ["recipe", (point) => point.recipe],
    ["seed", (point) => point.seed],
    ["budget", (point) => point.budget],
    ["relu_count", (point) => point.reluCount],
    ["polynomial_units", (point) => point.polynomialUnits],
    ["relu_share", (point, frontier) => +(point.reluCount / frontier.totalRelus).toPrecision(6)],
    ["convention", (point) => point.convention],
    ["validation_accuracy", (point) => point.validationAccuracy],
    ["test_accuracy", (point) => point.testAccuracy],
    ["on_frontier", (point) => point.onFrontier],
    ["macs", (point) => point.macs],
    ["images", (point) => point.images],
    ["gpu_seconds", (point) => point.gpuSeconds],
    ["stage_run", (point) => point.stageRunId],
    ["source", (point) => point.source?.sha256 ?? null],
    ["source_name", (point) => point.source?.name ?? null],
    ["suspect", (point) => point.suspect],
  ];

/** Every single result as one line, unrounded, after a header; RFC 4180 with `\n`. Missing values are empty. */
export function frontierCsv(frontier: Plotted): string {
  const lines = frontier.points.map((point) => columns.map(([, value]) => cell(value(point, frontier))).join(","));
  return [columns.map(([name]) => name).join(","), ...lines, ""].join("\n");
}

/** Text that a spreadsheet would take for a formula is kept as text by a leading quote. */
const cell = (value: string | number | boolean | null): string => {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
