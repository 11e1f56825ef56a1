/**
 * What bf16 costs in accuracy and saves in time: the AR model of the recipe `cpu/resnet8` (2,000 steps of 64 images),
 * trained by the stage that workers run, in both precisions from the same seeds. The data set is the first of
 * RELUCTANT_DATA or `data/`, else `glyphs`. Unless quick it leaves its table in docs/results/precision.md, and its rows in precision.json.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import type { Precision, ResultOf, UnusableDataset } from "@reluctant/contracts";
import { type DatasetReader, prepareAll } from "@reluctant/datasets";
import { createEngine } from "@reluctant/engine";
import { type Recipe, recipes } from "@reluctant/relu";
import { stages, unattended } from "@reluctant/stages";
import type { Figure } from "./rows.ts";

const resultFile = "docs/results/precision";
const recipe = recipes["cpu/resnet8"] as Recipe;
const precisions = ["fp32", "bf16"] as const;

interface Run {
  seed: number;
  precision: Precision;
  testAccuracy: number;
  validationAccuracy: number;
  cpuSeconds: number;
}

export async function precision({ quick }: { quick: boolean }): Promise<Figure[]> {
  const data = await firstDataset();
  const steps = quick ? 100 : 2_000;
  const runs: Run[] = [];
  for (const seed of quick ? [1] : [1, 2, 3]) {
    for (const precision of precisions) {
      runs.push(await train(data, precision, seed, steps));
      process.stderr.write(`${JSON.stringify(runs.at(-1))}\n`);
    }
  }
  await data.close();
  if (!quick) await record(data.name, steps, runs);
  return rowsOf(runs);
}

async function firstDataset(): Promise<DatasetReader> {
  const folders = (process.env.RELUCTANT_DATA ?? "data").split(delimiter);
  const onUnusable = ({ name, reason }: UnusableDataset) => {
    throw new Error(`data set ${name} cannot be used: ${reason}`);
  };
  const [first, ...others] = await prepareAll({ folders, cacheDir: "var/prepared", onUnusable });
  for (const other of others) await other.close();
  return first as DatasetReader;
}

async function train(data: DatasetReader, precision: Precision, seed: number, steps: number): Promise<Run> {
  const engine = await createEngine({ backend: "torch", threads: 1, precision });
  const before = process.cpuUsage();
  const output = await stages["train/sgd"].run({
    params: { kind: "train", model: "resnet8", steps, settings: recipe.train },
    implementation: "train/sgd",
    precision,
    seed,
    inputs: {},
    data,
    engine,
    ...unattended,
  });
  engine.release();
  if (output.outcome !== "succeeded") throw new Error("nobody asked the stage to stop");
  const { user, system } = process.cpuUsage(before);
  const { testAccuracy, validationAccuracy } = output.result as ResultOf<"train">;
  return { seed, precision, testAccuracy, validationAccuracy, cpuSeconds: (user + system) / 1e6 };
}

const meanOf = (runs: readonly Run[], precision: Precision, value: (run: Run) => number): number => {
  const values = runs.filter((run) => run.precision === precision).map(value);
  return values.reduce((sum, v) => sum + v, 0) / values.length;
};

const percent = ({ testAccuracy }: Run): number => 100 * testAccuracy;

function rowsOf(runs: readonly Run[]): Figure[] {
  const [fp32, bf16] = precisions.map((p) => meanOf(runs, p, percent)) as [number, number];
  const [slow, fast] = precisions.map((p) => meanOf(runs, p, ({ cpuSeconds }) => cpuSeconds)) as [number, number];
  return [
    ...runs.map((run) => ({ case: `seed ${run.seed}/${run.precision}`, value: percent(run), unit: "% test accuracy" })),
    { case: "bf16 - fp32, mean over seeds", value: bf16 - fp32, unit: "points" },
    { case: "fp32 / bf16, whole stage", value: slow / fast, unit: "of the CPU time" },
  ];
}

async function record(dataset: string, steps: number, runs: readonly Run[]): Promise<void> {
  const lines = runs.map(
    (run) =>
      `| ${run.seed} | ${run.precision} | ${percent(run).toFixed(2)} | ${(100 * run.validationAccuracy).toFixed(2)} | ${run.cpuSeconds.toFixed(0)} |`,
  );
  const sums = rowsOf(runs).slice(runs.length);
  const text = `# bf16 beside fp32

Written by \`npm run bench -- precision\`: ResNet-8 on ${dataset}, recipe \`cpu/resnet8\`, ${steps.toLocaleString("en")} steps of ${recipe.train.batchSize} images,
backend torch, one thread, a processor with avx512_bf16. CPU seconds are those of the whole stage, evaluation included.

| seed | precision | test accuracy, % | validation accuracy, % | CPU seconds |
| ---: | --------- | ---------------: | ---------------------: | ----------: |
${lines.join("\n")}

${sums.map((row) => `- ${row.case}: ${row.value.toFixed(2)} ${row.unit}`).join("\n")}
`;
  await mkdir("docs/results", { recursive: true });
  await writeFile(`${resultFile}.md`, text);
  const rows = runs.map((run) => ({ method: "ar", ...run }));
  await writeFile(`${resultFile}.json`, `${JSON.stringify({ dataset, model: "resnet8", rows }, null, 2)}\n`);
}
