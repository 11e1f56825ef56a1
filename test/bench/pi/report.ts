import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { type Figure, isBesidePeer, isNotRun, type Row } from "../rows.ts";

const page = "docs/results/private-inference";

/** A figure, when it was taken, and how much else the machine did: its load average over the minute before, of all it ran. */
interface Kept extends Figure {
  date: string;
  load: number;
}

/** Puts figures in the place of earlier ones of the same cases, and writes the table of all. */
export async function keep(rows: readonly Row[]): Promise<void> {
  const earlier: Kept[] = JSON.parse(await readFile(`${page}.json`, "utf8").catch(() => "[]"));
  const date = new Date().toISOString().slice(0, 10);
  const found = rows.flatMap((row) =>
    isNotRun(row) || isBesidePeer(row) ? [] : [{ ...row, date, load: Math.round(10 * (loadavg()[0] ?? 0)) / 10 }],
  );
  const names = new Set(found.map((row) => row.case));
  const all = [...earlier.filter((row) => !names.has(row.case)), ...found];
  await writeFile(`${page}.json`, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(`${page}.md`, textOf(all));
}

const textOf = (rows: readonly Kept[]): string => `# Private inference

Written by \`npm run bench -- pi --write\`, a case at a time, on ${cpus().length} × ${cpus()[0]?.model.trim()}. Load is the machine's over the
minute before a case ended, the bench's own of 1 to 3 included: above that it had other work, and times are longer than they are alone.
Both parties run on this machine; _online_ and _offline_ are the client's, who waits for all. Correlations of linear layers come
from a dealer: **offline linear cost not included**. The level of instructions stands in each case that has one.

| case | figure | | asked for | load | taken |
| ---- | -----: | --- | --- | ---: | --- |
${rows.map(lineOf).join("\n")}
${fitOf(rows)}`;

function lineOf({ case: name, value, unit, atMost, atLeast, load, date }: Kept): string {
  const bar = atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : "";
  return `| ${name} | ${Number(value.toPrecision(4))} | ${unit} | ${bar} | ${load} | ${date} |`;
}

const point = /^resnet18, (\d+) ReLUs, garbled, loopback, (\w+), online$/;

/** Of ResNet-18's online times at the highest level, in one thread: a + b × ReLUs, by least squares. */
function fitOf(rows: readonly Kept[]): string {
  const points = rows.flatMap(({ case: name, value }) => {
    const [, relus, level] = point.exec(name) ?? [];
    return relus && level ? [{ relus: Number(relus), level, ms: value }] : [];
  });
  const level = points.at(-1)?.level;
  const chosen = points.filter((each) => each.level === level);
  if (chosen.length < 2) return "";
  const mean = (of: (each: (typeof chosen)[number]) => number) =>
    chosen.reduce((sum, each) => sum + of(each), 0) / chosen.length;
  const [relus, ms] = [mean((each) => each.relus), mean((each) => each.ms)];
  const slope =
    mean((each) => (each.relus - relus) * (each.ms - ms)) / mean((each) => (each.relus - relus) * (each.relus - relus));
  const start = ms - slope * relus;
  return `
ResNet-18 online, ${level}, one thread: ${start.toFixed(0)} ms + ${(1000 * slope).toFixed(2)} µs a ReLU through ${chosen.length} points. DELPHI's, as it was measured by
others: 20.97 µs a ReLU.
`;
}
