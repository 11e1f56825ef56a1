import { readFileSync } from "node:fs";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import { uniform } from "@reluctant/relu";
import type { Figure } from "../rows.ts";
import { percentiles } from "./rate.ts";
import type { Bench } from "./stack.ts";

/** What screens ask of an experiment of many trials, and of a frontier of many points; and what the services hold then. */
export async function lists(bench: Bench, trials: number): Promise<Figure[]> {
  const { client } = bench;
  const { id } = await client.experiments.submit(sweep(trials));
  const many = trials.toLocaleString("en-US");
  let asks = 0;
  const page = () => String(Math.floor(uniform({ seed: 1, stream: 0, index: asks++ }) * (trials - 200)));
  const asked = { p95: { atMost: 150 } };
  const figures = [
    ...percentiles(`page of experiments, one of ${many} trials`, await timed(() => client.experiments.list({})), asked),
    ...percentiles(
      `page of ${many} trials`,
      await timed(() => client.experiments.trials(id, { after: page() })),
      asked,
    ),
  ];
  const services = ["coordinator", "api"].map((name) => ({
    case: `memory of ${name}`,
    value: megabytesOf(bench.stack.part(name).pid as number),
    unit: "MB",
    atMost: 300,
  }));
  return [...figures, ...services];
}

const sweep = (trials: number): ExperimentSpecInput => ({
  name: "large sweep",
  dataset: "glyphs-small",
  model: "resnet8",
  recipe: "debug",
  budgets: Array.from({ length: 100 }, (_, index) => 1_000 + index),
  seeds: { count: trials / 100 },
});

const times = 40;

async function timed(work: () => Promise<unknown>): Promise<number[]> {
  const delays: number[] = [];
  for (let time = 0; time < times; time++) {
    const at = performance.now();
    await work();
    delays.push(performance.now() - at);
  }
  return delays;
}

/** What a process holds of memory now. */
const megabytesOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
