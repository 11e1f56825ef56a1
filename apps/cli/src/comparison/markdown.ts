import { compact, count, frontierPlot, type Plotted, percent } from "@reluctant/plot";
import { mean, standardError } from "@reluctant/relu";
import type { Group } from "./file.ts";
import { arModelOf, type Point, type Run, sensitivityImages, type Table, type TableRow } from "./results.ts";
import { pairedDifference, verdict } from "./statistics.ts";

export interface Report {
  title: string;
  about: string | undefined;
  /** The command that made it. */
  command: string;
  dataset: string;
  model: string;
  totalRelus: number;
  testImages: number;
  precision: string;
  /** What trained: backend, device and threads, each once. */
  engines: readonly string[];
  runs: readonly Run[];
  tables: readonly Table[];
  /** Of the groups that are drawn. */
  plots: ReadonlyMap<Group, GroupPlot>;
}

export interface GroupPlot {
  /** Beside the page. */
  file: string;
  frontier: Plotted;
}

/** A comparison as a page of docs/results. Trials without a result yet are counted, never left out in silence. */
export function markdownOf(report: Report): string {
  const parts = [
    `# ${report.title}`,
    report.about?.trim(),
    `Written by \`${report.command}\`. ${setting(report)}`,
    ...report.tables.flatMap((table) => sectionOf(table, report)),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function setting(report: Report): string {
  const { dataset, model, totalRelus, testImages, precision, engines } = report;
  const arModel = arModelOf(report.runs);
  const measured = sensitivityImages(report.runs);
  const sensitivity = measured > 0 ? ` and one sensitivity run (${count(measured)} images)` : "";
  const shared = arModel
    ? `One AR model (seed ${arModel.seed}, ${count(arModel.images)} images)${sensitivity} ${measured > 0 ? "serve" : "serves"} every row; seeds vary the search and the fine-tune. AR: validation ${percent(arModel.validationAccuracy)}, test ${percent(arModel.testAccuracy)}.`
    : "The AR model is not trained yet.";
  return `${model} on ${dataset} (${count(testImages)} test images), ${count(totalRelus)} ReLUs with the stem's, ${precision}${engines.length > 0 ? `, ${engines.join("; ")}` : ""}. ${shared}`;
}

function sectionOf(table: Table, report: Report): string[] {
  const { group, rows } = table;
  const plot = report.plots.get(group);
  return [
    `## ${group.title}`,
    group.about?.trim() ?? "",
    plot ? `![${group.title}: test accuracy by ReLU count](${plot.file})` : "",
    plot ? frontierPlot(plot.frontier).sentence : "",
    accuracies(table, report),
    ...(group.accuracy === "validation" ? [chosen(rows)] : []),
    ...(group.against === undefined ? [] : [pairs(table, group.against, report)]),
    ...(group.exchanges ? [exchanges(rows, report)] : []),
  ];
}

/** Accuracy by row and budget, in percent: the mean over seeds ± its standard error where there are several. */
function accuracies({ group, rows }: Table, { totalRelus }: Report): string {
  const budgets = budgetsOf(rows);
  const lines = rows.flatMap((row) =>
    widthsOf(row).map((width) => {
      const own = row.points.filter((point) => point.width === width);
      const label = width === "full" ? row.label : `${row.label}, width ${width}`;
      const cells = budgets.map((budget) =>
        cellOf(
          own.filter((point) => point.budget === budget),
          group.accuracy,
        ),
      );
      const missing = row.missing > 0 ? ` (${row.missing} not run)` : "";
      const perPoint = width === "full" ? `${compact(row.images / Math.max(1, own.length))}${missing}` : "the same run";
      return [label, ...cells, perPoint];
    }),
  );
  const head = budgets.map((budget) => `${percent(budget / totalRelus, 0)} (${count(budget)})`);
  const what = group.accuracy === "test" ? "test accuracy, %" : "validation accuracy, %";
  return tableText([what, ...head, "images a point"], lines);
}

const widthsOf = ({ points }: TableRow): string[] => [...new Set(["full", ...points.map(({ width }) => width)])];

const budgetsOf = (rows: readonly TableRow[]): number[] =>
  [...new Set(rows.flatMap(({ points, exchanges }) => [...points, ...exchanges].map(({ budget }) => budget)))].sort(
    (a, b) => b - a,
  );

/** `62.10 ± 0.31 (3)`, and the count that was reached where it is not the budget. */
function cellOf(points: readonly Point[], accuracy: "test" | "validation"): string {
  if (points.length === 0) return "–";
  const percents = points.map((point) => 100 * accuracyOf(point, accuracy));
  const error = standardError(percents);
  const reached = [...new Set(points.filter((p) => p.reluCount !== p.budget).map((p) => count(p.reluCount)))];
  const polynomials = points.some(({ polynomialUnits }) => polynomialUnits > 0) ? " and polynomials" : "";
  const note = reached.length > 0 ? ` at ${reached.join(", ")}${polynomials}` : polynomials;
  return `${mean(percents).toFixed(2)}${error === null ? "" : ` ± ${error.toFixed(2)} (${points.length})`}${note}`;
}

const accuracyOf = (point: Point, accuracy: "test" | "validation"): number =>
  accuracy === "test" ? point.testAccuracy : point.validationAccuracy;

/** Every row against one, seed by seed. */
function pairs({ rows }: Table, against: string, { testImages, totalRelus }: Report): string {
  const base = rows.find(({ label }) => label === against);
  if (!base) return `No row is called ${against}.`;
  const at = ({ points }: TableRow, { budget, seed }: Point): Point | undefined =>
    points.find((point) => point.width === "full" && point.budget === budget && point.seed === seed);
  const lines = rows
    .filter((row) => row !== base)
    .flatMap((row) =>
      budgetsOf([row]).flatMap((budget) => {
        const matched = row.points
          .filter((point) => point.width === "full" && point.budget === budget)
          .flatMap((ours) => {
            const theirs = at(base, ours);
            return theirs ? [{ ours: ours.testAccuracy, theirs: theirs.testAccuracy }] : [];
          });
        if (matched.length < 2) return [];
        const difference = pairedDifference(matched, testImages);
        const points = [difference.mean, difference.error].map((share) => (100 * share).toFixed(2));
        return [
          [
            row.label,
            percent(budget / totalRelus, 0),
            `${points[0]} ± ${points[1]}`,
            `${verdict(difference)} ${against} (${matched.length} pairs)`,
          ],
        ];
      }),
    );
  if (lines.length === 0) return "";
  return `Paired differences of test accuracy in points ± standard error, of the pairs and of a test part of ${count(testImages)} images. "Beats" is more than two of them.\n\n${tableText(["row", "budget", "difference", "verdict"], lines)}`;
}

/** Which of several settings validation prefers for the network as it is, method by method. */
function chosen(rows: readonly TableRow[]): string {
  const best = new Map<string, { label: string; accuracy: number }>();
  for (const { label, points } of rows) {
    const whole = points.filter(({ width }) => width === "full");
    const [first] = whole;
    if (!first) continue;
    const accuracy = mean(whole.map(({ validationAccuracy }) => validationAccuracy));
    if (accuracy > (best.get(first.method)?.accuracy ?? 0)) best.set(first.method, { label, accuracy });
  }
  return `Best on validation: ${[...best.values()].map(({ label }) => label).join("; ") || "nothing yet"}.`;
}

function exchanges(rows: readonly TableRow[], { totalRelus }: Report): string {
  const lines = rows.flatMap(({ label, exchanges: histories }) =>
    histories
      .filter(({ distances }) => distances.length > 0)
      .map(({ budget, seed, distances }) => [
        label,
        percent(budget / totalRelus, 0),
        String(seed),
        distances.map((distance) => (100 * distance).toFixed(0)).join(" → "),
      ]),
  );
  return `Kept units exchanged at each update of the masks, in %:\n\n${tableText(["row", "budget", "seed", "exchanged"], lines)}`;
}

const tableText = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
