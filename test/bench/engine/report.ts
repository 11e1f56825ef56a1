/** docs/results/engine.md: the table of a run, between two marks; what stands around them is written by hand. */

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import type { EngineInfo } from "@reluctant/contracts";
import { type BesidePeer, type Figure, isBesidePeer, isNotRun, type Row } from "../rows.ts";
import { threads } from "./compare.ts";

const file = "docs/results/engine.md";
const [start, end] = ["<!-- table -->", "<!-- end of table -->"];

interface Machine {
  info: EngineInfo;
  /** The version of the peer's PyTorch, or why there is none. */
  peer: string;
}

export async function writeReport(rows: readonly Row[], machine: Machine): Promise<void> {
  const text = await readFile(file, "utf8");
  const [before, rest] = text.split(start) as [string, string];
  const after = rest.split(end)[1] as string;
  await writeFile(file, `${before}${start}\n\n${machineLine(machine)}\n\n${table(rows)}\n\n${end}${after}`);
}

const machineLine = ({ info, peer }: Machine): string =>
  `${info.device}, ${cpus().length} cores, ${threads} thread on each side; ours: libtorch ${info.versions.torch}, TensorFlow.js ${info.versions.tfjs}, Node ${info.versions.node}; peer: Python's PyTorch ${peer}.`;

function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    if (isNotRun(row)) return `| ${row.case} | not run | | | | ${row.notRun} |`;
    if (!isBesidePeer(row)) {
      return `| ${row.case} | ${short(row.value)} ${row.unit} | | | | ${barOf(row)} |`;
    }
    const { ours, peer, unit, ratio, cpuRatio, interval } = row;
    const within = interval ? ` (${interval.map((bound) => bound.toFixed(2)).join(" to ")})` : "";
    const cpu = cpuRatio === undefined ? "" : `${cpuRatio.toFixed(2)}`;
    return `| ${row.case} | ${short(ours)} ${unit} | ${short(peer)} ${unit} | ${ratio.toFixed(2)}${within} | ${cpu} | ${remarks(row)} |`;
  });
  return [
    "| case | ours | peer | ratio (95 %) | by CPU time | |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
    ...lines,
  ].join("\n");
}

const barOf = ({ atMost, atLeast }: Figure): string => {
  if (atMost !== undefined) return `at most ${atMost}`;
  return atLeast === undefined ? "" : `at least ${atLeast}`;
};

const remarks = ({ bar, form, other, disturbed }: BesidePeer): string =>
  [
    bar && ("atLeast" in bar ? `at least ${bar.atLeast}` : `at most ${bar.atMost}`),
    bar && `reach ${bar.reach}`,
    form,
    other,
    disturbed && "the machine had other work",
  ]
    .filter(Boolean)
    .join("; ");

const short = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
