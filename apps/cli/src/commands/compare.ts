import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type Comparison, readComparison } from "../comparison/file.ts";
import { reportOf } from "../comparison/gather.ts";
import { markdownOf, type Report } from "../comparison/markdown.ts";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { follow } from "../watch.ts";

export const compare = (program: Command): Command =>
  withConnection(
    program
      .command("compare <file>")
      .description(
        "run the experiments of a comparison and write its tables; run again, it goes on where it was cut off",
      )
      .option("--out <folder>", "where to write NAME.md and NAME.json", "docs/results"),
  ).action(async (file: string, flags: ConnectionFlags & { out: string }) => {
    const comparison = await readComparison(file);
    const client = await connect(flags);
    const submitted = await submitAll(client, comparison);
    const write = async () => {
      const report = await reportOf(client, { file, comparison, submitted });
      return writeReport(report, join(flags.out, parse(file).name));
    };
    for (const { id } of submitted.flat()) {
      const ended = await follow(client, id, process.stdout);
      process.stdout.write(`${ended.name}: ${ended.state}${ended.reason ? ` (${ended.reason})` : ""}\n`);
      if (ended.state !== "finished") process.exitCode = 3;
      await write();
    }
    process.stdout.write(`wrote ${(await write()).join(" and ")}\n`);
  });

/** By group and member. Stage runs that are there already are not run again, so submitting twice costs nothing. */
async function submitAll(client: Client, { groups }: Comparison): Promise<{ id: string }[][]> {
  const submitted: { id: string }[][] = [];
  for (const { members } of groups) {
    const group: { id: string }[] = [];
    for (const { spec } of members) group.push(await client.experiments.submit(spec));
    submitted.push(group);
  }
  return submitted;
}

/** Answers the paths. */
async function writeReport(report: Report, path: string): Promise<string[]> {
  await mkdir(dirname(path), { recursive: true });
  const { title, dataset, model, precision, command, tables } = report;
  const rows = tables.flatMap(({ group, rows }) =>
    rows.flatMap(({ points }) => points.map((point) => ({ group: group.title, ...point }))),
  );
  const files: [string, string][] = [
    [`${path}.md`, markdownOf(report)],
    [`${path}.json`, `${JSON.stringify({ title, dataset, model, precision, command, rows }, null, 2)}\n`],
  ];
  for (const [name, text] of files) await writeFile(name, text);
  return files.map(([name]) => name);
}
