/**
 * Writes README's table of what was run here: model × stage × method. A test fails when the table is stale.
 *
 *   node scripts/coverage-table.mjs
 *
 * It reads the catalogs of models and methods; test/real-steps.json, the implementations whose real steps the tests run, by
 * model; and docs/results/NAME.json beside each NAME.md: { dataset, model, rows: [{ method, … }] }, `ar` for the all-ReLU
 * model alone.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { models } from "@reluctant/relu";
import { methods as all } from "@reluctant/stages/definitions";

/** Those that take steps: what was trained elsewhere was not run here. */
const methods = Object.fromEntries(Object.entries(all).filter(([name]) => name !== "imported"));

const root = join(import.meta.dirname, "..");
const marks = ["<!-- coverage-table: npm run coverage-table -->\n", "<!-- /coverage-table -->"];
const kinds = ["train", "sensitivity", "mask-search", "distillation"];
/** Kinds whose runs all methods of a seed share. */
const shared = ["train", "sensitivity"];

/**
 * A row for each stage and method, those of a stage with equal cells as one.
 * @param {{
 *   modelNames: string[],
 *   methods: Record<string, { stages: readonly string[] }>,
 *   realSteps: Record<string, string[]>,
 *   results: { name: string, model: string, rows: { method: string }[] }[],
 * }} known
 * @returns {{ stage: string, methods: string[], cells: string[] }[]} cells in the order of `modelNames`
 */
export function coverageRows({ modelNames, methods: known, realSteps, results }) {
  const entries = Object.entries(known).flatMap(([method, { stages }]) =>
    stages.map((implementation) => ({ method, kind: implementation.split("/")[0], implementation })),
  );
  return kinds.flatMap((kind) => {
    const rows = new Map();
    for (const { method, implementation } of entries.filter((entry) => entry.kind === kind)) {
      const trained = shared.includes(kind)
        ? entries.filter((entry) => entry.kind === kind).map((e) => e.method)
        : [method];
      if (kind === "train") trained.push("ar");
      const cells = modelNames.map((model) => cellOf({ model, implementation, trained, realSteps, results }));
      const same = rows.get(cells.join("|")) ?? { stage: kind, methods: [], cells };
      same.methods.push(method);
      rows.set(cells.join("|"), same);
    }
    return [...rows.values()];
  });
}

function cellOf({ model, implementation, trained, realSteps, results }) {
  const reached = results.filter(
    (result) => result.model === model && result.rows.some(({ method }) => trained.includes(method)),
  );
  if (reached.length > 0) return reached.map(({ name }) => `[${name}](docs/results/${name}.md)`).join(", ");
  return realSteps[model]?.includes(implementation) ? "steps" : "–";
}

/** README with the table as it is now in place of the one it has. */
export function withCoverageTable(readme, table) {
  const [start, end] = marks.map((mark) => readme.indexOf(mark));
  if (start < 0 || end < start) throw new Error(`README.md needs the marks ${marks[0]} and ${marks[1]}`);
  return `${readme.slice(0, start)}${marks[0]}\n${table}\n\n${readme.slice(end)}`;
}

/** The table of this checkout, in Markdown. */
export function coverageTable() {
  const known = { methods, realSteps: readJson("test/real-steps.json"), results: readResults() };
  const isRun = (model) => coverageRows({ modelNames: [model], ...known }).some(({ cells: [cell] }) => cell !== "–");
  const modelNames = Object.keys(models).filter(isRun);
  const table = markdown(
    ["stage", "methods", ...modelNames],
    coverageRows({ modelNames, ...known }).map((row) => [row.stage, methodsText(row.methods), ...row.cells]),
  );
  const others = Object.keys(models).filter((model) => !isRun(model));
  const sentence = `No stage was run here of ${others.map((name) => `\`${name}\``).join(", ")}.`;
  return others.length > 0 ? `${table}\n\n${sentence}` : table;
}

const methodsText = (names) =>
  names.length === Object.keys(methods).length ? "all" : names.map((name) => `\`${name}\``).join(", ");

const readJson = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

const readResults = () =>
  readdirSync(join(root, "docs/results"))
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({ name: file.replace(/\.json$/, ""), ...readJson(join("docs/results", file)) }));

function markdown(titles, rows) {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(titles), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const file = join(root, "README.md");
  writeFileSync(file, withCoverageTable(readFileSync(file, "utf8"), coverageTable()));
}
