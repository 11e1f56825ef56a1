import { imagesLimitFrom, type PlanAnswer, type Throughput } from "@reluctant/contracts";
import { bytes, compact, count, milliseconds } from "@reluctant/plot";
import { piSystemPresets } from "@reluctant/relu";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { readSpec } from "../spec-file.ts";
import { printJson, write } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";

type PlannedRun = PlanAnswer["stageRuns"][number];

export const plan = (program: Command): Command =>
  withConnection(
    program
      .command("plan <file>")
      .description("show what a spec would run, what that takes and what the store already has; runs nothing")
      .option("--json", "print the plan as JSON"),
  ).action(async (file: string, flags: ConnectionFlags & { json?: true }) => {
    const planned = await (await connect(flags)).experiments.plan(await readSpec(file));
    if (flags.json) printJson(planned);
    else write(planText(planned));
  });

const columns = [
  { title: "stage" },
  { title: "implementation" },
  ...["seed", "steps", "images", "GPU-hours", "checkpoint", "trials"].map(
    (title) => ({ title, align: "right" }) as const,
  ),
  { title: "store" },
  { title: "key" },
];

export function planText({ trials, stageRuns, modelled = [] }: PlanAnswer): string {
  const rows = stageRuns.map((run) => [
    run.kind,
    run.implementation,
    String(run.seed),
    count(run.steps),
    compact(run.images),
    hoursText(run),
    bytes(run.checkpointBytes),
    String(run.trials),
    run.known ?? "to run",
    run.stageKey.slice(0, 8),
  ]);
  const toRun = stageRuns.filter(({ known }) => known === null);
  const images = toRun.reduce((sum, run) => sum + (run.kind === "private-inference" ? 0 : run.images), 0);
  return [
    table(columns, rows),
    "",
    `${trials.length} trials, ${stageRuns.length} stage runs, ${toRun.length} to run: ${compact(images)} training images, ${totalHours(toRun)}`,
    ...measuredOn(stageRuns),
    ...modelledLines(modelled),
    "",
  ].join("\n");
}

/** Beside what measurements will tell, never in their place: a row for each budget, a column for each system. */
function modelledLines(modelled: NonNullable<PlanAnswer["modelled"]>): string[] {
  if (modelled.length === 0) return [];
  const systems = [...new Set(modelled.map(({ system }) => system))];
  const budgets = [...new Set(modelled.map(({ reluCount }) => reluCount))];
  const cellOf = (relus: number, system: string): string => {
    const found = modelled.find((each) => each.reluCount === relus && each.system === system);
    if (!found) return "–";
    const { offline, online } = found;
    return `${milliseconds(online.ms)} ${bytes(online.bytes)} + ${milliseconds(offline.ms)} ${bytes(offline.bytes)}`;
  };
  return [
    "",
    "modelled, published constants: what an inference would cost, online + offline, on the machines of each system's authors; not measured here",
    table(
      [
        { title: "ReLUs", align: "right" },
        ...systems.map((system) => ({ title: piSystemPresets[system].title, align: "right" }) as const),
      ],
      budgets.map((relus) => [count(relus), ...systems.map((system) => cellOf(relus, system))]),
    ),
    ...systems.map((system) => `${piSystemPresets[system].title}: ${piSystemPresets[system].published.source}`),
  ];
}

const hoursOf = ({ images, throughput }: PlannedRun): number | null =>
  throughput && (images / throughput.imagesPerSecond + throughput.overheadSeconds) / 3_600;

const hoursText = (run: PlannedRun): string => {
  const hours = hoursOf(run);
  return hours === null ? "not measured" : `${approximately([run])}${gpuHours(hours)}`;
};

/** Before what another number of threads told. */
const approximately = (runs: readonly PlannedRun[]): "~" | "" =>
  runs.some(({ throughput }) => throughput && throughput.estimatedFrom !== null) ? "~" : "";

/** Two decimals, two digits below a tenth. */
const gpuHours = (hours: number): string => (hours >= 0.1 ? hours.toFixed(2) : String(+hours.toPrecision(2)));

/** Of what is to run; what was not measured is counted, not guessed. */
function totalHours(toRun: readonly PlannedRun[]): string {
  const known = toRun.flatMap((run) => hoursOf(run) ?? []);
  const missing = toRun.length - known.length;
  if (missing > 0 && missing === toRun.length) return "GPU-hours not measured";
  const sum = `${approximately(toRun)}${gpuHours(known.reduce((total, hours) => total + hours, 0))} GPU-hours`;
  return missing === 0 ? sum : `${sum} and ${missing} stage ${missing === 1 ? "run" : "runs"} not measured`;
}

/** Where the hours come from. */
function measuredOn(stageRuns: readonly PlannedRun[]): string[] {
  const measured = new Map(
    stageRuns.flatMap(({ implementation, throughput }) => (throughput ? [[implementation, throughput]] : [])),
  );
  if (measured.size === 0)
    return ["GPU-hours are told once a stage of its kind has ended here with this model, image size and precision"];
  const sources = new Set([...measured.values()].map(sourceText));
  return [
    `${[...sources].join("; ")}:`,
    table(
      [
        { title: "implementation" },
        ...["img/s", "beside", "attempts"].map((title) => ({ title, align: "right" }) as const),
      ],
      [...measured].map(([implementation, { imagesPerSecond, overheadSeconds, attempts }]) => [
        implementation,
        compact(imagesPerSecond),
        `${compact(overheadSeconds)} s`,
        count(attempts),
      ]),
    ),
    "beside: start and evaluation, whatever a stage's length",
    ...[...measured].flatMap(([implementation, { waiting }]) =>
      waiting !== null && waiting >= imagesLimitFrom ? [limitedByImages(implementation, waiting)] : [],
    ),
  ];
}

const limitedByImages = (implementation: string, waiting: number): string =>
  `${implementation} waited for images ${Math.round(100 * waiting)} % of the time: reading them, not the device, limits it (more cores, or worker --decode-threads)`;

const sourceText = ({ backend, device, threads, estimatedFrom }: Throughput): string => {
  const where = `${backend}, ${device}, ${threadsText(threads)}`;
  return estimatedFrom === null ? `measured on ${where}` : `estimated from ${threadsText(estimatedFrom)}: ${where}`;
};

const threadsText = (threads: number): string => `${threads} ${threads === 1 ? "thread" : "threads"}`;
