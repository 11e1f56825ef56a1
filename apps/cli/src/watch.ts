import { setTimeout as delay } from "node:timers/promises";
import type { Experiment, StageRun, TradeOff, Trial } from "@reluctant/contracts";
import { bytes, count, milliseconds, percent, trafficOf } from "@reluctant/plot";
import type { Client } from "@reluctant/sdk";
import { stageLabel } from "./stage-label.ts";
import { bar, clock, duration } from "./terminal/format.ts";
import { type LiveLine, LiveLines } from "./terminal/live-lines.ts";
import { cyan, dim, green, joined, line, red, singleLine, type Text, yellow } from "./terminal/text.ts";

/** Time between two looks at a running experiment: often enough to look alive, rare enough to cost nothing. */
const pollMs = 500;

/**
 * Follows an experiment until it ends: a redrawn line for each active stage run, and one that stays when it ends.
 * @returns the experiment as it ended.
 */
export async function follow(
  client: Client,
  id: string,
  out: NodeJS.WriteStream,
  signal?: AbortSignal,
): Promise<Experiment> {
  const live = new LiveLines(out);
  const trials = await trialsOf(client, id);
  const states = new Map<string, string>();
  for (;;) {
    const experiment = await client.experiments.get(id, { signal });
    for (const stageRun of experiment.stageRuns) {
      if (states.get(stageRun.id) === stageRun.state) continue;
      const first = !states.has(stageRun.id);
      states.set(stageRun.id, stageRun.state);
      const ending = endLine(stageRun, stageLabel(stageRun, trials));
      if (ending && !(first && stageRun.origin !== "cached" && experiment.state !== "active")) live.event(ending);
    }
    live.draw([...activeLines(experiment, trials), summaryLine(experiment)]);
    if (experiment.state !== "active" && experiment.state !== "paused") {
      live.clear();
      return experiment;
    }
    await delay(pollMs, undefined, { signal });
  }
}

/** How an experiment ended, `quick look: failed (reason)`, and what it recommends, where it reached anything. */
export const endText = ({ name, state, reason, best }: Experiment): Text =>
  joined([line`${name}: ${state}${reason ? ` (${reason})` : ""}`, ...(best ? [line`${bestText(best)}`] : [])]);

/** `smallest budget within 1 point of AR on validation: senet, 48,213 ReLUs, validation 91.2 %, test 91.9 %` */
function bestText({
  withinOnePoint,
  decidedBy,
  method,
  reluCount,
  validationAccuracy,
  testAccuracy,
}: TradeOff): string {
  const what = withinOnePoint ? "smallest budget within 1 point of AR" : "most accurate";
  const accuracies = `validation ${percent(validationAccuracy, 1)}, test ${percent(testAccuracy, 1)}`;
  return `${what} on ${decidedBy}: ${method}, ${count(reluCount)} ReLUs, ${accuracies}`;
}

export async function trialsOf(client: Client, id: string): Promise<Trial[]> {
  const trials: Trial[] = [];
  for await (const trial of client.experiments.allTrials(id)) trials.push(trial);
  return trials;
}

const activeLines = (experiment: Experiment, trials: readonly Trial[]): LiveLine[] =>
  experiment.stageRuns
    .filter((stageRun) => stageRun.state === "active")
    .map((stageRun) => ({
      key: stageRun.id,
      text: singleLine(progressLine(stageRun, stageLabel(stageRun, trials))),
      share: stageRun.progress ? stageRun.progress.step / stageRun.progress.totalSteps : 0,
    }));

/** `distillation  senet 27.8k s1   ███████████░░░░░  68 %  step 1,060/1,560  412 img/s  loss 0.84  ETA 1:12` */
export function progressLine({ kind, progress }: Pick<StageRun, "kind" | "progress">, label: string): string {
  const head = `${kind.padEnd(12)}  ${label.padEnd(18)}`;
  if (!progress) return `${head}  ${bar(0)}   starting`;
  const share = progress.step / progress.totalSteps;
  const parts = [
    `${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %`,
    `step ${count(progress.step)}/${count(progress.totalSteps)}`,
    `${rate(progress.imagesPerSecond)} img/s`,
    ...(progress.loss === null ? [] : [`loss ${progress.loss.toPrecision(3)}`]),
    `ETA ${clock(progress.etaSeconds)}`,
  ];
  return `${head}  ${parts.join("  ")}`;
}

/** Private inference has less than one. */
const rate = (imagesPerSecond: number): string =>
  imagesPerSecond < 10 ? imagesPerSecond.toFixed(1) : count(Math.round(imagesPerSecond));

function summaryLine({ progress, etaSeconds, stageRuns }: Experiment): LiveLine {
  const reason = stageRuns.find((stageRun) => stageRun.state === "ready" && stageRun.reason)?.reason;
  const waiting = progress.waiting > 0 ? `, ${progress.waiting} waiting${reason ? ` (${reason})` : ""}` : "";
  const text = `${progress.succeeded}/${stageRuns.length} stage runs done${waiting}  ETA ${clock(etaSeconds)}`;
  return { key: "summary", text: dim(singleLine(text)), share: progress.succeeded / Math.max(1, stageRuns.length) };
}

/** The line that stays when a stage run ended; null while it has not. */
function endLine(stageRun: StageRun, label: string): Text | null {
  const head = `${stageRun.kind.padEnd(12)}  ${label.padEnd(18)}`;
  switch (stageRun.state) {
    case "succeeded": {
      const mark = stageRun.origin === "cached" ? cyan("cached") : green("done  ");
      const spent = spentText(stageRun);
      return line`${mark}  ${head}  ${resultText(stageRun)}${spent && "  "}${dim(spent)}`;
    }
    case "failed":
      return line`${red("failed")}  ${head}  ${stageRun.reason ?? ""}`;
    case "cancelled":
      return line`${yellow("stopped")} ${head}`;
    default:
      return null;
  }
}

function resultText({ result, params }: StageRun): string {
  switch (result?.kind) {
    case "train":
      return `test ${percent(result.testAccuracy)}`;
    case "sensitivity":
      return `${result.layers.length} layers at density ${result.density.toFixed(3)}`;
    case "mask-search":
      return [kept(result.reluCount, params), result.course ? "" : exchanged(result.history)]
        .filter(Boolean)
        .join(", ");
    case "distillation":
      return `${count(result.reluCount)} ReLUs, test ${percent(result.testAccuracy)}`;
    case "private-inference":
      return `${count(result.reluCount)} ReLUs, online ${milliseconds(result.cost.online.ms)}, ${bytes(trafficOf(result.cost.online))}`;
    default:
      return "";
  }
}

/** `14,745 ReLUs`, and by how much that misses the budget. */
function kept(reluCount: number, params: StageRun["params"]): string {
  const missed = params.kind === "mask-search" ? reluCount - params.budget : 0;
  const note = missed === 0 ? "" : ` (${count(Math.abs(missed))} ${missed > 0 ? "above" : "below"} the budget)`;
  return `${count(reluCount)} ReLUs${note}`;
}

function exchanged(history: readonly { distance: number }[]): string {
  const last = history.at(-1);
  return last ? `${percent(last.distance, 0)} exchanged at the last of ${history.length} updates` : "no update";
}

function spentText({ origin, createdAt, finishedAt, attempts }: StageRun): string {
  if (origin === "cached" || !finishedAt) return "";
  const seconds = (Date.parse(finishedAt) - Date.parse(createdAt)) / 1000;
  return attempts > 1 ? `${attempts} attempts, ${duration(seconds)} since submitted` : "";
}
