import type { StageRun, Trial } from "@reluctant/contracts";
import { describe, expect, test } from "vitest";
import { stageRunOf, stageRuns, trials, uuid } from "../../testing/fixtures.ts";
import { box, layoutStageGraph, type StageNode, stageLabels, stageStatus } from "./stage-graph.ts";

const runOf = (n: number) => stageRunOf(uuid(n));

describe("the stage graph", () => {
  test("draws each stage run once, in the column of its kind, and an edge for each input", () => {
    const graph = layoutStageGraph(stageRuns, trials);
    expect(graph.columns.map((column) => column.kind)).toEqual(["train", "sensitivity", "mask-search", "distillation"]);
    expect(graph.nodes.map((node) => node.run.id).sort()).toEqual(stageRuns.map((run) => run.id).sort());
    expect(graph.edges).toHaveLength(stageRuns.flatMap((run) => run.inputs).length);
    for (const { from, to } of graph.edges) expect(from.x).toBeLessThan(to.x);
  });

  test("never lets two boxes overlap, and puts a search level with its distillation", () => {
    const { nodes } = layoutStageGraph(stageRuns, trials);
    for (const a of nodes) {
      for (const b of nodes) if (a !== b && a.x === b.x) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(box.height);
    }
    const y = (n: number) => (nodes.find((node) => node.run.id === uuid(n)) as StageNode).y;
    for (const search of [110, 123, 213]) expect(y(search)).toBe(y(search + 40));
  });

  test("draws at most so many a column, those that run or failed among them, and counts the others", () => {
    const graph = layoutStageGraph(stageRuns, trials, 3);
    const searches = graph.nodes.filter((node) => node.run.kind === "mask-search");
    expect(searches).toHaveLength(3);
    expect(searches.map((node) => node.run.id)).toEqual(expect.arrayContaining([uuid(210), uuid(220)]));
    expect(graph.columns.map((column) => column.hidden)).toEqual([0, 0, 13, 13]);
  });

  test("is empty for an experiment without stage runs", () => {
    expect(layoutStageGraph([], [])).toMatchObject({ nodes: [], edges: [], height: 0 });
  });

  test("names runs by the methods, budgets and seed of the trials that need them, in full", () => {
    const labelOf = stageLabels(trials);
    const texts = [100, 101, 212, 262].map((n) => labelOf(runOf(n)).text);
    expect(texts).toEqual([
      "resnet20 · seed 1",
      "resnet20 · seed 1",
      "senet · 18,841 ReLUs · seed 2",
      "uniform-random · 18,841 ReLUs · seed 2",
    ]);
    expect(labelOf(runOf(263))).toEqual({
      title: "uniform-random",
      detail: "47,104 ReLUs · seed 2",
      text: "uniform-random · 47,104 ReLUs · seed 2",
    });
    const [first] = trials;
    const shared = stageLabels([...trials, { ...(first as (typeof trials)[0]), method: "senet++", budget: 5_652 }]);
    expect(shared(runOf(110)).text).toBe("senet, senet++ · 2 budgets · seed 1");
  });

  test("names a measurement by how it is made, which sets it apart from others of its network", () => {
    const distilled = trials[2] as Trial;
    const measurement = (implementation: string, change: object) => {
      const params = { kind: "private-inference", model: "resnet20", protocol: "garbled", profile: "lan", ...change };
      const run = { ...runOf(150), id: uuid(900), implementation, params } as unknown as StageRun;
      const needs = [...distilled.needs, { stageRunId: run.id }] as Trial["needs"];
      return stageLabels([{ ...distilled, needs }])(run);
    };
    expect(measurement("private-inference/delphi", { batch: 1 })).toEqual({
      title: "senet 18.8k s1",
      detail: "DELPHI garbled lan",
      text: "senet · 18,841 ReLUs · seed 1 · DELPHI, garbled, lan",
    });
    const cheetah = { protocol: "gmw", linear: "he", batch: 4 };
    expect(measurement("private-inference/cheetah", cheetah).detail).toBe("Cheetah GMW lan ×4");
    expect(measurement("private-inference/delphi", cheetah).detail).toBe("DELPHI GMW lan encryption ×4");
  });

  test("names a search by its budget while its trials are not known", () => {
    expect(stageLabels([])(runOf(212)).text).toBe("resnet20 · 18,841 ReLUs · seed 2");
    expect(stageLabels([])(runOf(262)).text).toBe("resnet20 · seed 2");
  });

  test("says what a run does or did", () => {
    expect(stageStatus(runOf(163))).toBe("67 % · 412 img/s");
    expect(stageStatus(runOf(100))).toBe("cached · 91.7 % test");
    expect(stageStatus(runOf(211))).toBe("waiting for a GPU");
    expect(stageStatus({ ...runOf(163), progress: null })).toBe("starting");
  });
});
