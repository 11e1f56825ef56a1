import { describe, expect, test } from "vitest";
import { stageRunOf, stageRuns, uuid } from "../../testing/fixtures.ts";
import { box, layoutStageGraph, type StageNode, stageLabels, stageStatus } from "./stage-graph.ts";

const runOf = (n: number) => stageRunOf(uuid(n));

describe("the stage graph", () => {
  test("draws each stage run once, in the column of its kind, and an edge for each input", () => {
    const graph = layoutStageGraph(stageRuns);
    expect(graph.columns.map((column) => column.kind)).toEqual(["train", "sensitivity", "mask-search", "distillation"]);
    expect(graph.nodes.map((node) => node.run.id).sort()).toEqual(stageRuns.map((run) => run.id).sort());
    expect(graph.edges).toHaveLength(stageRuns.flatMap((run) => run.inputs).length);
    for (const { from, to } of graph.edges) expect(from.x).toBeLessThan(to.x);
  });

  test("never lets two boxes overlap, and puts a search level with its distillation", () => {
    const { nodes } = layoutStageGraph(stageRuns);
    for (const a of nodes) {
      for (const b of nodes) if (a !== b && a.x === b.x) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(box.height);
    }
    const y = (n: number) => (nodes.find((node) => node.run.id === uuid(n)) as StageNode).y;
    for (const search of [110, 123, 213]) expect(y(search)).toBe(y(search + 40));
  });

  test("draws at most so many a column, those that run or failed among them, and counts the others", () => {
    const graph = layoutStageGraph(stageRuns, 3);
    const searches = graph.nodes.filter((node) => node.run.kind === "mask-search");
    expect(searches).toHaveLength(3);
    expect(searches.map((node) => node.run.id)).toEqual(expect.arrayContaining([uuid(210), uuid(220)]));
    expect(graph.columns.map((column) => column.hidden)).toEqual([0, 0, 13, 13]);
  });

  test("is empty for an experiment without stage runs", () => {
    expect(layoutStageGraph([])).toMatchObject({ nodes: [], edges: [], height: 0 });
  });

  test("names runs by budget, score and seed, a distillation like the search it builds on", () => {
    const several = stageLabels(stageRuns);
    expect(several(runOf(100))).toBe("seed 1");
    expect(several(runOf(212))).toBe("18.8k · paper · seed 2");
    expect(several(runOf(262))).toBe("18.8k · random · seed 2");
    const paperOnly = stageRuns.filter(
      ({ params }) => params.kind !== "mask-search" || params.settings.score === "paper",
    );
    const one = stageLabels(paperOnly);
    expect(one(runOf(212))).toBe("18.8k · seed 2");
  });

  test("says what a run does or did", () => {
    expect(stageStatus(runOf(163))).toBe("67 % · 412 img/s");
    expect(stageStatus(runOf(100))).toBe("cached · 91.7 %");
    expect(stageStatus(runOf(211))).toBe("waiting for a GPU");
    expect(stageStatus({ ...runOf(163), progress: null })).toBe("starting");
  });
});
