import type { StageKind, StageRun } from "@reluctant/contracts";
import { percent, short } from "@reluctant/plot";
import { rate } from "../../format.ts";

/** Stage runs of an experiment as columns of boxes with edges from inputs to what takes them. Lengths in pixels. */
export interface StageGraph {
  columns: { kind: StageKind; x: number /** Runs left out because there are too many. */; hidden: number }[];
  nodes: StageNode[];
  edges: { from: StageNode; to: StageNode }[];
  width: number;
  height: number;
}
export interface StageNode {
  run: StageRun;
  label: string;
  status: string;
  x: number;
  y: number;
}

export const box = { width: 208, height: 48, gapX: 56, gapY: 8 };
const slot = box.height + box.gapY;
const order: StageKind[] = ["train", "sensitivity", "mask-search", "distillation", "private-inference"];

/** Lays out at most `most` runs a column: unfinished and failed ones first, since those are what one looks for. */
export function layoutStageGraph(runs: StageRun[], most = 40): StageGraph {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const kinds = order.filter((kind) => runs.some((run) => run.kind === kind));
  const columns = kinds.map((kind, i) => {
    const ofKind = runs.filter((run) => run.kind === kind);
    const shown = [...ofKind].sort((a, b) => attention(a) - attention(b)).slice(0, most);
    return {
      kind,
      x: i * (box.width + box.gapX),
      hidden: ofKind.length - shown.length,
      runs: shown.sort(byIdentity(byId)),
    };
  });
  const ys = placeRows(columns.map((column) => column.runs));
  const labelOf = stageLabels(runs);
  const nodes = columns.flatMap(({ runs: shown, x }) =>
    shown.map((run) => ({ run, label: labelOf(run), status: stageStatus(run), x, y: ys.get(run.id) as number })),
  );
  return {
    columns: columns.map(({ kind, x, hidden }) => ({ kind, x, hidden })),
    nodes,
    edges: edgesBetween(nodes),
    width: kinds.length * (box.width + box.gapX) - box.gapX,
    height: Math.max(0, ...nodes.map((node) => node.y + box.height)),
  };
}

/** From the last column to the first, each run beside the middle of those that take its result, none overlapping. */
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
      const wanted = beside.length ? (Math.min(...beside) + Math.max(...beside)) / 2 : free;
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

/** By seed, then rule of the search (so, method), then budget: takers keep the order of what they take. */
const byIdentity =
  (byId: Map<string, StageRun>) =>
  (a: StageRun, b: StageRun): number =>
    a.seed - b.seed ||
    (searchOf(a, byId)?.rule ?? "").localeCompare(searchOf(b, byId)?.rule ?? "") ||
    (searchOf(a, byId)?.budget ?? 0) - (searchOf(b, byId)?.budget ?? 0) ||
    a.id.localeCompare(b.id);

/** Budget and rule of a mask search, or of the one that a distillation builds on. */
function searchOf(run: StageRun, byId: Map<string, StageRun>): { budget: number; rule: string } | null {
  if (run.params.kind === "mask-search") return { budget: run.params.budget, rule: ruleOf(run) };
  if (run.kind !== "distillation") return null;
  const student = run.inputs.find((input) => input.name === "student")?.stageRunId;
  const search = student ? byId.get(student) : undefined;
  return search ? searchOf(search, byId) : null;
}

/** The score that SENet's search ranks units by, else the name of the search. */
const ruleOf = ({ params, implementation }: StageRun): string =>
  params.kind === "mask-search" && implementation === "mask-search/senet"
    ? params.settings.score
    : implementation.replace("mask-search/", "");

/**
 * How the runs of an experiment are named: `seed 1`, or `27.8k · seed 1` where a budget belongs to a run; with the
 * search's rule where the experiment has several.
 */
export function stageLabels(runs: StageRun[]): (run: StageRun) => string {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const rules = new Set(runs.filter(({ kind }) => kind === "mask-search").map(ruleOf));
  return (run) => {
    const search = searchOf(run, byId);
    const rule = search && rules.size > 1 ? [search.rule] : [];
    return [...(search ? [short(search.budget)] : []), ...rule, `seed ${run.seed}`].join(" · ");
  };
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
  if (result.kind === "sensitivity") return `${result.layers.length} layers`;
  return result.kind === "mask-search"
    ? `${percent(result.validationAccuracy, 1)} val`
    : percent(result.testAccuracy, 1);
}
