import type { ParamsOf, StageKind, StageRun, Trial } from "@reluctant/contracts";
import { compact, count, linearTitles, milliseconds, percent, type StageSubject, stageSubjects } from "@reluctant/plot";
import { piSystemPresets, systemOf } from "@reluctant/relu";
import { plural, rate } from "../../format.ts";

/** Stage runs of an experiment as columns of boxes with edges from inputs to what takes them. Lengths in pixels. */
export interface StageGraph {
  columns: { kind: StageKind; x: number /** Runs left out because there are too many. */; hidden: number }[];
  nodes: StageNode[];
  edges: { from: StageNode; to: StageNode }[];
  /** Of each box: the columns fill the widest page, and scroll in a narrower one. */
  boxWidth: number;
  gapX: number;
  width: number;
  height: number;
}
export interface StageNode {
  run: StageRun;
  label: StageLabel;
  status: string;
  x: number;
  y: number;
}

export const box = { height: 64, gapY: 8 };
/** Five columns and a scroll bar fit the 1,192 pixels that a page has beside its navigation at 1,440. */
const columnsOf = (count: number) => (count > 4 ? { boxWidth: 208, gapX: 32 } : { boxWidth: 232, gapX: 48 });
const slot = box.height + box.gapY;
const order: StageKind[] = ["train", "sensitivity", "mask-search", "distillation", "private-inference"];

/** Lays out at most `maxPerColumn` runs a column: unfinished and failed ones first, since those are what one looks for. */
export function layoutStageGraph(runs: StageRun[], trials: Trial[], maxPerColumn = 40): StageGraph {
  const subjectOf = stageSubjects(trials);
  const kinds = order.filter((kind) => runs.some((run) => run.kind === kind));
  const { boxWidth, gapX } = columnsOf(kinds.length);
  const columns = kinds.map((kind, i) => {
    const ofKind = runs.filter((run) => run.kind === kind);
    const shown = [...ofKind].sort((a, b) => attention(a) - attention(b)).slice(0, maxPerColumn);
    return {
      kind,
      x: i * (boxWidth + gapX),
      hidden: ofKind.length - shown.length,
      runs: shown.sort(byIdentity(subjectOf)),
    };
  });
  const ys = placeRows(columns.map((column) => column.runs));
  const labelOf = stageLabels(trials);
  const nodes = columns.flatMap(({ runs: shown, x }) =>
    shown.map((run) => ({ run, label: labelOf(run), status: stageStatus(run), x, y: ys.get(run.id) as number })),
  );
  return {
    columns: columns.map(({ kind, x, hidden }) => ({ kind, x, hidden })),
    nodes,
    edges: edgesBetween(nodes),
    boxWidth,
    gapX,
    width: kinds.length * (boxWidth + gapX) - gapX,
    height: Math.max(0, ...nodes.map((node) => node.y + box.height)),
  };
}

/** From the last column to the first, each run beside the first of those that take its result, none overlapping. */
function placeRows(columns: StageRun[][]): Map<string, number> {
  const ys = new Map<string, number>();
  const takers = new Map<string, string[]>();
  for (const run of columns.flat()) {
    for (const { stageRunId } of run.inputs)
      if (stageRunId) takers.set(stageRunId, [...(takers.get(stageRunId) ?? []), run.id]);
  }
  for (const column of [...columns].reverse()) {
    let free = 0;
    for (const run of column) {
      const beside = (takers.get(run.id) ?? []).flatMap((id) => ys.get(id) ?? []);
      const wanted = beside.length ? Math.min(...beside) : free;
      const y = Math.max(wanted, free);
      ys.set(run.id, y);
      free = y + slot;
    }
  }
  return ys;
}

function edgesBetween(nodes: StageNode[]): StageGraph["edges"] {
  const byId = new Map(nodes.map((node) => [node.run.id, node]));
  return nodes.flatMap((to) =>
    to.run.inputs.flatMap(({ stageRunId }) => {
      const from = stageRunId === null ? undefined : byId.get(stageRunId);
      return from ? [{ from, to }] : [];
    }),
  );
}

const attention = ({ state }: StageRun): number =>
  ({ active: 0, failed: 1, ready: 2, blocked: 3, succeeded: 4, cancelled: 5 })[state];

/** By seed, then method, then budget: takers keep the order of what they take. */
const byIdentity =
  (subjectOf: (run: StageRun) => StageSubject) =>
  (a: StageRun, b: StageRun): number => {
    const [one, other] = [subjectOf(a), subjectOf(b)];
    return (
      a.seed - b.seed ||
      one.methods.join().localeCompare(other.methods.join()) ||
      (one.budgets[0] ?? 0) - (other.budgets[0] ?? 0) ||
      a.id.localeCompare(b.id)
    );
  };

/**
 * How a run is named: `senet` and `7,372 ReLUs · seed 1`; `resnet8` and `seed 1` for what every method shares; a measurement by how
 * it is made, `senet 7.37k s1` and `DELPHI GMW lan`.
 */
export interface StageLabel {
  title: string;
  detail: string;
  /** Both, in full. */
  text: string;
}

export function stageLabels(trials: Trial[]): (run: StageRun) => StageLabel {
  const subjectOf = stageSubjects(trials);
  return (run) => {
    const { methods, budgets, model, seed } = subjectOf(run);
    const title = methods.join(", ") || model;
    const asked = budgets.length > 1 ? plural(budgets.length, "budget") : budgets.map((each) => `${count(each)} ReLUs`);
    const detail = [asked, `seed ${seed}`].flat().join(" · ");
    const text = `${title} · ${detail}`;
    const { params } = run;
    if (params.kind !== "private-inference") return { title, detail, text };
    const how = measuredHow(run.implementation, params);
    return {
      title: [title, ...budgets.map(compact), `s${seed}`].join(" "),
      detail: how.join(" "),
      text: `${text} · ${how.join(", ")}`,
    };
  };
}

/** What sets measurements of one network apart, in words that fit a box: DELPHI, garbled, lan, ×4. */
function measuredHow(
  implementation: string,
  { protocol, profile, linear = "dealer", batch }: ParamsOf<"private-inference">,
): string[] {
  const { title, linear: own } = piSystemPresets[systemOf(implementation)];
  return [
    title,
    protocol === "gmw" ? "GMW" : protocol,
    profile,
    ...(linear === own.by[0] ? [] : [linearTitles[linear]]),
    ...(batch > 1 ? [`×${batch}`] : []),
  ];
}

/** What a run does or did, in a few words. */
export function stageStatus(run: StageRun): string {
  if (run.state === "active" && run.progress) {
    return `${Math.floor((100 * run.progress.step) / run.progress.totalSteps)} % · ${rate(run.progress.imagesPerSecond)}`;
  }
  if (run.state === "succeeded")
    return [run.origin === "cached" ? "cached" : "done", outcome(run)].filter(Boolean).join(" · ");
  return {
    active: "starting",
    ready: "waiting for a GPU",
    blocked: "waiting for inputs",
    failed: "failed",
    cancelled: "cancelled",
  }[run.state];
}

function outcome({ result }: StageRun): string {
  if (!result) return "";
  switch (result.kind) {
    case "sensitivity":
      return `${result.layers.length} layers`;
    case "mask-search":
      return `val ${percent(result.validationAccuracy, 1)}`;
    case "private-inference":
      return `${milliseconds(result.cost.online.ms)} online`;
    default:
      return `${percent(result.testAccuracy, 1)} test`;
  }
}
