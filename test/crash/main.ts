/** `npm run crash -- [--row NAME] [--scale 0.1] [--seed N]`: strikes a real cluster, a row for each kind of fault. */
import { parseArgs } from "node:util";
import { expectedSeconds, minutes, showProgress } from "./progress.ts";
import { holds, type Measure } from "./row.ts";
import { rows } from "./rows/index.ts";

const { values } = parseArgs({
  options: {
    row: { type: "string", multiple: true },
    scale: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
  },
});
const names = rows.map(({ name }) => name);
const refuse = (message: string) => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};
for (const name of values.row ?? [])
  if (!names.includes(name)) refuse(`--row is "${name}"; choose one of ${names.join(", ")}`);
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) refuse(`--scale is "${values.scale}"; it must be a number over 0, and 1 at most`);
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed)) refuse(`--seed is "${values.seed}"; it must be a whole number`);

const chosen = rows.filter(({ name }) => values.row?.includes(name) ?? true);
const total = chosen.reduce((sum, row) => sum + expectedSeconds(row, scale), 0);
process.stdout.write(
  `${chosen.length} rows (seed ${seed}, scale ${scale}), about ${minutes(total)} on two idle cores\n`,
);
let failed = 0;
let over = 0;
for (const row of chosen) {
  const { name } = row;
  const expected = expectedSeconds(row, scale);
  process.stdout.write(`${name}: ${row.what}; about ${expected} s\n`);
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1_000;
  const stopShowing = showProgress(process.stderr, () => ({ total, over, name, expected, elapsed: elapsed() }));
  const measures = await row.run({ seed, scale }).catch((error: unknown): Measure[] => {
    process.stderr.write(`  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return [{ what: "came to its end", value: 0, unit: "", atLeast: 1 }];
  });
  stopShowing();
  over += expected;
  const passed = measures.every(holds);
  if (!passed) failed++;
  const seconds = Math.round(elapsed());
  process.stdout.write(`  ${passed ? "passed" : "FAILED"} in ${seconds} s: ${measures.map(told).join("; ")}\n`);
  process.stdout.write(`${JSON.stringify({ crash: name, seed, scale, seconds, passed, measures })}\n`);
}
process.exit(failed === 0 ? 0 : 1);

function told(measure: Measure): string {
  const { what, value, unit, atMost, atLeast } = measure;
  const bound = [atMost !== undefined && `≤ ${atMost}`, atLeast !== undefined && `≥ ${atLeast}`].filter(Boolean);
  const number = Number.isInteger(value) ? String(value) : value.toFixed(1);
  return `${what} ${[number, unit].filter(Boolean).join(" ")}${bound.length > 0 ? ` (${bound.join(", ")})` : ""}${holds(measure) ? "" : " ✗"}`;
}
