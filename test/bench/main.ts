/** `npm run bench -- NAME [flags]`: prints a table, and last one line `{"bench":NAME,"rows":[…]}`. */
import { parseArgs } from "node:util";
import { catalog } from "@reluctant/relu";
import { artifacts } from "./artifacts.ts";
import { bounds } from "./bounds.ts";
import { data } from "./data.ts";
import { engine } from "./engine.ts";
import { FlagError, type Options } from "./options.ts";
import { pi } from "./pi.ts";
import { precision } from "./precision.ts";
import { isBesidePeer, isNotRun, type Row } from "./rows.ts";
import { spine } from "./spine/main.ts";

const benches = catalog<Record<string, (options: Options) => Promise<Row[]>>>({
  artifacts,
  bounds,
  data,
  engine,
  pi,
  precision,
  spine,
});

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    case: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const name = positionals[0] ?? "";
const bench = benches[name];
if (!bench) {
  process.stderr.write(`npm run bench -- NAME, with NAME one of: ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
const rows = await bench({ quick: values.quick, only: values.case, write: values.write }).catch((error: unknown) => {
  if (!(error instanceof FlagError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
});
const width = Math.max(...rows.map((row) => row.case.length));
for (const row of rows) process.stdout.write(`${row.case.padEnd(width)}  ${told(row)}\n`);
process.stdout.write(`${JSON.stringify({ bench: name, rows })}\n`);

function told(row: Row): string {
  if (isNotRun(row)) return `not run: ${row.notRun}`;
  if (!isBesidePeer(row)) {
    const shares = Object.entries(row.shares ?? {}).map(
      ([whole, share]) => `, ${(100 * share).toFixed(1)} % of ${whole}`,
    );
    return `${row.value.toPrecision(4).padStart(9)} ${row.unit}${shares.join("")}`;
  }
  const { ours, peer, unit, ratio, interval, cpuRatio, disturbed, form, other } = row;
  const within = interval ? ` (${interval.map((bound) => bound.toFixed(3)).join(" to ")})` : "";
  const byCpu = cpuRatio === undefined ? "" : `, ${cpuRatio.toFixed(3)} by CPU time`;
  const remark = disturbed ? " (the machine had other work: the latter counts)" : "";
  const forms = [form, other].map((text) => (text ? `; ${text}` : "")).join("");
  return `${ours.toPrecision(4).padStart(9)} ${unit}, peer ${peer.toPrecision(4)}: ${ratio.toFixed(3)}${within}${byCpu}${remark}${forms}`;
}
