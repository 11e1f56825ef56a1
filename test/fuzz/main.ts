/**
 * `npm run fuzz -- GROUP [--only TEXT] [--inputs N] [--from N] [--seed S]`: gives every reader of a group its broken inputs,
 * each reader in a process of its own. Prints a line for each and last `{"inputs":…,"findings":…}`; exit code 0 without
 * findings, 1 with some. What it draws is a pure function of seed and input: the printed flags bring a finding back.
 */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Tally } from "./fuzz.ts";
import { type Lost, supervise } from "./supervise.ts";
import { targets } from "./targets/index.ts";

type Result = Omit<Tally, "findings"> & { peak: number; findings: { input: number; what: string }[] };

/** Of a reader's whole process, Node's own 60 MiB and what waits to be collected among it. */
const mostPeak = 768 * 2 ** 20;
const folder = join("var", "fuzz", "found");

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    inputs: { type: "string", default: "10000" },
    from: { type: "string", default: "0" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const group = positionals[0] ?? "";
const chosen = (targets[group] ?? [])
  .map((target, place) => ({ ...target, place }))
  .filter(({ name }) => name.includes(values.only));
const numbers = [values.inputs, values.from, values.seed];
if (chosen.length === 0 || numbers.some((text) => !/^\d{1,10}$/.test(text))) {
  const names = Object.entries(targets).map(([name, of]) => `${name}: ${of.map(({ name }) => name).join(", ")}`);
  process.stderr.write(`npm run fuzz -- GROUP [--only TEXT] [--inputs N] [--from N] [--seed S]\n${names.join("\n")}\n`);
  process.exit(2);
}
process.stdout.write(`--seed ${values.seed}\n`);
let findings = 0;
for (const { name, place } of chosen) {
  const result = await supervise<Result>({
    module: join(import.meta.dirname, "child.js"),
    args: [group, String(place), values.seed, values.from, values.inputs, folder],
    options: { execArgv: ["--max-old-space-size=512"] },
  });
  for (const { input, what } of faultsOf(result)) {
    findings++;
    const again = input === null ? "" : ` --from ${input} --inputs 1`;
    process.stdout.write(
      `${name}: ${what}\n  npm run fuzz -- ${group} --only "${name}" --seed ${values.seed}${again}\n`,
    );
  }
  if (!isLost(result)) process.stdout.write(`${name}: ${told(result)}\n`);
}
process.stdout.write(`${JSON.stringify({ inputs: chosen.length * Number(values.inputs), findings })}\n`);
process.exitCode = findings > 0 ? 1 : 0;

function faultsOf(result: Result | Lost): { input: number | null; what: string }[] {
  if (isLost(result)) return [result];
  if (result.peak <= mostPeak) return result.findings;
  return [...result.findings, { input: null, what: `its process came to ${mebibytes(result.peak)}` }];
}

function isLost(result: Result | Lost): result is Lost {
  return "what" in result;
}

function told({ read, refused, mostSeconds, mostMemory, peak }: Result): string {
  const most = `at most ${Math.round(1000 * mostSeconds)} ms and ${mebibytes(mostMemory)} an input`;
  return `${read} read, ${refused} refused, ${most}, ${mebibytes(peak)} in all`;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
