import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import type { Dataset, ModelResource, Trial } from "@reluctant/contracts";
import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type Comparison, readComparison } from "../comparison/file.ts";
import { markdownOf, type Report } from "../comparison/markdown.ts";
import { type Run, tableOf } from "../comparison/results.ts";
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

interface Submitted {
  file: string;
  comparison: Comparison;
  submitted: readonly (readonly { id: string }[])[];
}

async function reportOf(client: Client, { file, comparison, submitted }: Submitted): Promise<Report> {
  const runs: Run[][] = [];
  for (const [g, { members }] of comparison.groups.entries()) {
    const group: Run[] = [];
    for (const [m, { label }] of members.entries()) {
      const id = submitted[g]?.[m]?.id as string;
      group.push({ label, experiment: await client.experiments.get(id), trials: await trialsOf(client, id) });
    }
    runs.push(group);
  }
  const all = runs.flat();
  const { datasetVersion, model, precision } = (all[0] as Run).experiment;
  const [datasets, models] = await Promise.all([client.datasets(), client.models()]);
  const dataset = datasets.find(({ version }) => version === datasetVersion) as Dataset;
  const sizes = models.find(({ name, inputShape }) => name === model && inputShape[0] === dataset.inputShape[0]);
  return {
    title: comparison.title,
    about: comparison.about,
    command: `npx reluctant compare ${file}`,
    dataset: dataset.name,
    testImages: dataset.splits.test,
    model,
    totalRelus: (sizes as ModelResource).reluCount,
    precision,
    engines: await enginesOf(client, all),
    runs: all,
    tables: comparison.groups.map((group, g) => tableOf(group, runs[g] as Run[])),
  };
}

async function trialsOf(client: Client, id: string): Promise<Trial[]> {
  const trials: Trial[] = [];
  for await (const trial of client.experiments.allTrials(id)) trials.push(trial);
  return trials;
}

/** What trained the stage runs, each once: `torch 1.13.0, cpu …, 1 thread`. */
async function enginesOf(client: Client, runs: readonly Run[]): Promise<string[]> {
  const ids = new Set(runs.flatMap(({ experiment }) => experiment.stageRuns.map(({ id }) => id)));
  const engines = new Set<string>();
  for (const id of ids) {
    for (const { engine } of await client.stageRuns.attempts(id)) {
      if (!engine) continue;
      const { backend, device, threads, versions } = engine;
      const program = [backend, versions[backend]].filter(Boolean).join(" ");
      engines.add(`${program}, ${device}, ${threads} thread${threads === 1 ? "" : "s"}`);
    }
  }
  return [...engines];
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
