/** `npm run bench -- NAME [flags]`: prints a table, and last one line `{"bench":NAME,"rows":[…]}`. */
import { parseArgs } from "node:util";
import { data } from "./data.ts";
import { precision } from "./precision.ts";
import type { Row } from "./row.ts";
import { spine } from "./spine.ts";

const benches: Record<string, (options: { quick: boolean }) => Promise<Row[]>> = {
  data,
  precision,
  spine,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false } },
});
const name = positionals[0] ?? "";
const bench = benches[name];
if (!bench) {
  process.stderr.write(`npm run bench -- NAME, with NAME one of: ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
const rows = await bench({ quick: values.quick });
const width = Math.max(...rows.map((row) => row.case.length));
for (const row of rows)
  process.stdout.write(`${row.case.padEnd(width)}  ${row.value.toPrecision(4).padStart(9)} ${row.unit}\n`);
process.stdout.write(`${JSON.stringify({ bench: name, rows })}\n`);
