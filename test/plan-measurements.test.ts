import { type ExperimentSpecInput, piSystems } from "@reluctant/contracts";
import { describe, expect, it } from "vitest";
import { errorsOf, planOf } from "./planning.ts";

describe("the plan of measurements", () => {
  it("measures each distilled network on each network profile, and changes no other stage's key", () => {
    const planned = planOf({ pi: { samples: 3, protocols: ["garbled", "gmw"], profiles: ["lan", "wan"], repeats: 2 } });
    const measured = planned.stageRuns.filter(({ kind }) => kind === "private-inference");
    expect(new Set(measured.map(({ stageKey }) => stageKey)).size).toBe(2 * 2 * 2 * 2);
    const others = planned.stageRuns.filter(({ kind }) => kind !== "private-inference");
    expect(others.map(({ stageKey }) => stageKey)).toEqual(planOf().stageRuns.map(({ stageKey }) => stageKey));
    const distillations = others.filter(({ kind }) => kind === "distillation").map(({ stageKey }) => stageKey);
    for (const { inputs } of measured)
      expect(distillations).toContain((inputs.prModel as { stageKey: string }).stageKey);
  });

  it("measures once what is named twice", () => {
    const planned = planOf({ pi: { protocols: ["garbled", "garbled"], profiles: ["lan", "wan", "lan"] } });
    for (const { stageKeys } of planned.trials) expect(new Set(stageKeys).size).toBe(stageKeys.length);
    expect(planned.stageRuns).toEqual(planOf({ pi: { protocols: "garbled", profiles: ["lan", "wan"] } }).stageRuns);
  });

  it("names linear layers by homomorphic encryption in a measurement's key, and a dealer's, which were first, not", () => {
    const linearOf = (pi: ExperimentSpecInput["pi"]) =>
      planOf({ pi }).stageRuns.flatMap(({ params }) => (params.kind === "private-inference" ? [params.linear] : []));
    expect(new Set(linearOf({}))).toEqual(new Set([undefined]));
    expect(new Set(linearOf({ linear: "he" }))).toEqual(new Set(["he"]));
  });

  it("measures each system by its own blocks, under an implementation of its own", () => {
    const planned = piSystems.map((system) => planOf({ pi: { system }, budgets: ["10%"] }).stageRuns.at(-1));
    expect(
      planned.map((run) => [run?.implementation, (run?.params as { protocol?: string; linear?: string }) ?? {}]),
    ).toMatchObject([
      ["private-inference/delphi", { protocol: "garbled" }],
      ["private-inference/gazelle", { protocol: "garbled", linear: "he" }],
      ["private-inference/minionn", { protocol: "garbled", linear: "he" }],
      ["private-inference/cheetah", { protocol: "gmw", linear: "he" }],
    ]);
    expect(planned[0]?.params).not.toHaveProperty("linear"); // its key is as it was
  });

  it("refuses blocks that a system has not, and says which it has", () => {
    expect(errorsOf({ pi: { system: "gazelle", protocols: ["gmw"], linear: "dealer" } })).toEqual([
      { field: "pi.protocols", message: "GAZELLE computes ReLUs by garbled here: name that, or leave it out" },
      { field: "pi.linear", message: "GAZELLE computes linear layers by he here: name that, or leave it out" },
    ]);
    expect(errorsOf({ pi: { system: "cheetah", protocols: ["garbled"] } })).toMatchObject([{ field: "pi.protocols" }]);
  });

  it("names a batch in a measurement's key, and refuses samples that are no whole number of batches", () => {
    const paramsOf = (pi: ExperimentSpecInput["pi"]) => planOf({ pi, budgets: ["10%"] }).stageRuns.at(-1)?.params;
    expect(paramsOf({ samples: 6, batch: 3 })).toMatchObject({ samples: 6, batch: 3 });
    expect(paramsOf({})).toMatchObject({ batch: 1 });
    expect(errorsOf({ pi: { samples: 5, batch: 2 } })).toEqual([
      { field: "pi.batch", message: "5 samples are no whole number of batches of 2" },
    ]);
  });

  it("measures the budgets that pi names, and refuses one that is none of the spec's", () => {
    const { trials } = planOf({ pi: { budgets: ["10%"] } });
    expect(trials.map(({ stageKeys }) => stageKeys.length)).toEqual([4, 5]);
    expect(errorsOf({ pi: { budgets: ["30%"] } })).toEqual([
      { field: "pi.budgets", message: "has 22118 ReLUs, which budgets has not" },
    ]);
  });

  it.each([
    ["vgg16-bn", "is a max-pool"],
    ["wrn22-8", 'is a batch norm behind ".*": only one that stands alone behind a convolution can be folded'],
    ["preact-resnet18", "is a batch norm behind"],
  ])("refuses to measure %s, for one of whose nodes there is no protocol", (model, why) => {
    expect(errorsOf({ model, pi: {} })).toEqual([
      { field: "pi", message: expect.stringMatching(`no protocol for ".*" of ${model}, which ${why}`) },
    ]);
  });

  it("gives the threads that are asked for, whichever protocol computes the ReLUs", () => {
    const { stageRuns } = planOf({ pi: { protocols: ["garbled", "gmw"], threads: 4 }, budgets: ["10%"] });
    const params = stageRuns.flatMap((run) => (run.params.kind === "private-inference" ? [run.params] : []));
    expect(params.map(({ protocol, threads }) => [protocol, threads])).toEqual([
      ["garbled", 4],
      ["gmw", 4],
    ]);
  });
});
