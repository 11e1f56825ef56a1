import { mkdir, writeFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { comparisonPlot } from "@reluctant/plot";
import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type Comparison, readComparison } from "../comparison/file.ts";
import { gatherReport } from "../comparison/gather.ts";
import { markdownOf, type Report } from "../comparison/markdown.ts";
import { findOrSubmit } from "../comparison/submit.ts";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { exitCodes } from "../report-error.ts";
import { print } from "../terminal/print.ts";
import { endText, follow } from "../watch.ts";

export const compare = (program: Command): Command =>
  withConnection(
    program
      .command("compare <file>")
      .description(
        "run the experiments of a comparison and write its tables; run again, it goes on where it was cut off",
      )
      .option("--out <folder>", "where to write NAME.md, NAME.json and NAME-GROUP.svg", "docs/results"),
  ).action(async (file: string, flags: ConnectionFlags & { out: string }) => {
    const comparison = await readComparison(file);
    const client = await connect(flags);
    const submitted = await submitAll(client, comparison);
    const { name } = parse(file);
    const write = async () =>
      writeReport(await gatherReport(client, { file, comparison, name, submitted }), { folder: flags.out, name });
    for (const { id } of submitted.flat()) {
      const ended = await follow(client, id, process.stdout);
      print(endText(ended));
      if (ended.state !== "finished") process.exitCode = exitCodes.unfinished;
      await write();
    }
    print(`wrote ${(await write()).join(", ")}`);
  });

/** By group and member. */
async function submitAll(client: Client, { groups }: Comparison): Promise<{ id: string }[][]> {
  const submitted: { id: string }[][] = [];
  for (const { members } of groups) {
    const group: { id: string }[] = [];
    for (const { spec } of members) group.push(await findOrSubmit(client, spec));
    submitted.push(group);
  }
  return submitted;
}

/** Answers the paths. */
async function writeReport(report: Report, { folder, name }: { folder: string; name: string }): Promise<string[]> {
  const { renderSvg } = await import("@reluctant/plot/svg"); // a whole document model: only for whoever wants the file
  await mkdir(folder, { recursive: true });
  const { title, dataset, model, precision, command, tables, plots } = report;
  const rows = tables.flatMap(({ group, rows }) =>
    rows.flatMap(({ points }) => points.map((point) => ({ group: group.title, ...point }))),
  );
  const files: [string, string][] = [
    [`${name}.md`, markdownOf(report)],
    [`${name}.json`, `${JSON.stringify({ title, dataset, model, precision, command, rows }, null, 2)}\n`],
    ...[...plots.values()].map(({ file, frontier }): [string, string] => [file, renderSvg(comparisonPlot(frontier))]),
  ];
  const written = files.map(([file, text]) => ({ path: join(folder, file), text }));
  for (const { path, text } of written) await writeFile(path, text);
  return written.map(({ path }) => path);
}
