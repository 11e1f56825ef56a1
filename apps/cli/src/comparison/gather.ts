import { type Dataset, type Frontier, groupFileName, type ModelResource } from "@reluctant/contracts";
import type { Plotted } from "@reluctant/plot";
import type { Client } from "@reluctant/sdk";
import { trialsOf } from "../watch.ts";
import type { Comparison, Group } from "./file.ts";
import type { GroupPlot, Report } from "./markdown.ts";
import { type Run, tableOf } from "./results.ts";

export interface SubmittedComparison {
  /** The comparison's, as the user named it. */
  file: string;
  comparison: Comparison;
  /** What the files that it is written to are called, without what tells them apart. */
  name: string;
  /** By group and member. */
  submitted: readonly (readonly { id: string }[])[];
}

/** What stands in the store of a comparison's experiments now. */
export async function gatherReport(
  client: Client,
  { file, comparison, name, submitted }: SubmittedComparison,
): Promise<Report> {
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
  const frontier = await client.frontier(dataset.name, model);
  const sizes = models.find(
    (candidate) => candidate.name === model && candidate.inputShape[0] === dataset.inputShape[0],
  );
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
    plots: new Map(
      comparison.groups.flatMap((group, g) =>
        group.plot ? [[group, plotOf(name, group, frontierOfRuns(frontier, runs[g] as Run[]))]] : [],
      ),
    ),
  };
}

const plotOf = (name: string, { title }: Group, frontier: Plotted): GroupPlot => ({
  file: `${name}-${groupFileName(title)}.svg`,
  frontier,
});

/** Of a frontier, what these runs reached. */
function frontierOfRuns(frontier: Frontier, runs: readonly Run[]): Plotted {
  const own = new Set(runs.flatMap(({ experiment }) => experiment.stageRuns.map(({ id }) => id)));
  return { ...frontier, points: frontier.points.filter(({ stageRunId }) => own.has(stageRunId)) };
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
