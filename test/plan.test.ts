import type { ExperimentSpecInput, TrainingParams } from "@reluctant/contracts";
import { type Plan, plan, recipeNames } from "@reluctant/relu";
import { experimentSpecSchema, registry } from "@reluctant/stages/definitions";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base, dataset, errorsOf, planOf } from "./planning.ts";

const kinds = (planned: Plan) => planned.stageRuns.map((stage) => stage.kind);

describe("the plan", () => {
  it("trains one AR model and measures sensitivity once for all budgets of a seed", () => {
    const planned = planOf();
    expect(planned.trials).toHaveLength(2);
    expect(kinds(planned)).toEqual([
      "train",
      "sensitivity",
      "mask-search",
      "distillation",
      "mask-search",
      "distillation",
    ]);
  });

  it("gives each seed its own AR model unless arSeed pins one", () => {
    const count = (planned: Plan) => kinds(planned).filter((kind) => kind === "train").length;
    expect(count(planOf({ seeds: [1, 2, 3] }))).toBe(3);
    expect(count(planOf({ seeds: [1, 2, 3], arSeed: 1 }))).toBe(1);
  });

  it("shares the AR model between methods, which keep their own searches", () => {
    const planned = planOf({ methods: ["senet", "uniform-random"] });
    expect(kinds(planned).filter((kind) => kind === "train")).toHaveLength(1);
    expect(kinds(planned).filter((kind) => kind === "mask-search")).toHaveLength(4);
  });

  it("lets a spec change what a method prefers, and not what makes it", () => {
    const scoreOf = (method: string, score?: "paper") => {
      const settings = score && { maskSearch: { score } };
      const search = planOf({ methods: [method], settings }).stageRuns.find(({ kind }) => kind === "mask-search");
      return search?.params.kind === "mask-search" && search.params.settings.score;
    };
    expect(scoreOf("continuation")).toBe("taylor");
    expect(scoreOf("continuation", "paper")).toBe("paper");
    expect(scoreOf("uniform-random", "paper")).toBe("random");
  });

  it("lists inputs before the stages that read them, and every trial's stages once", () => {
    const planned = planOf({ seeds: [1, 2], methods: ["senet", "uniform-random"] });
    const seen = new Set<string>();
    for (const stage of planned.stageRuns) {
      for (const input of Object.values(stage.inputs))
        expect("stageKey" in input && seen.has(input.stageKey)).toBe(true);
      expect(seen.has(stage.stageKey)).toBe(false);
      seen.add(stage.stageKey);
    }
    for (const trial of planned.trials) for (const key of trial.stageKeys) expect(seen.has(key)).toBe(true);
  });

  it("runs single stages from given artifacts", () => {
    const arModel = "b".repeat(64);
    const sensitivity = "c".repeat(64);
    expect(kinds(planOf({ until: "sensitivity", budgets: undefined }))).toEqual(["sensitivity"]);
    expect(kinds(planOf({ until: "train", budgets: undefined }))).toEqual(["train"]);
    expect(kinds(planOf({ until: "mask-search", budgets: ["10%"], arModel, sensitivity }))).toEqual(["mask-search"]);
    const distillation = planOf({ budgets: undefined, arModel, masks: "d".repeat(64) });
    expect(kinds(distillation)).toEqual(["distillation"]);
    expect(distillation.stageRuns[0]?.inputs).toEqual({
      arModel: { artifact: arModel },
      student: { artifact: "d".repeat(64) },
    });
  });

  it("evaluates what was trained elsewhere, without a step", () => {
    const [arModel, masks] = ["b".repeat(64), "d".repeat(64)];
    const imported = { methods: ["imported"], recipe: "imported", budgets: undefined };
    const ar = planOf({ ...imported, arModel, until: "train" });
    expect(ar.stageRuns).toMatchObject([
      { implementation: "train/imported", params: { steps: 0 }, inputs: { arModel: { artifact: arModel } } },
    ]);
    const pr = planOf({ ...imported, arModel, masks });
    expect(pr.stageRuns).toMatchObject([
      { implementation: "distillation/imported", params: { steps: 0 }, inputs: { student: { artifact: masks } } },
    ]);
    expect(errorsOf({ ...imported, until: "train" })).toMatchObject([{ field: "arModel" }]);
    expect(errorsOf({ ...imported, budgets: ["10%"], arModel })).toMatchObject([{ field: "masks" }]);
  });

  it("takes what evaluates for no method of a sweep: not among those to choose from, not beside others, not for several seeds", () => {
    const imported = { methods: ["imported"], recipe: "imported", budgets: undefined, arModel: "b".repeat(64) };
    const alone = [{ field: "methods[0]", message: expect.stringMatching(/^imported searches nothing/) }];
    expect(errorsOf({ ...imported, until: "train", seeds: [1, 2] })).toMatchObject(alone);
    expect(errorsOf({ ...imported, until: "train", methods: ["imported", "senet"] })).toMatchObject(alone);
    const [unknown] = errorsOf({ methods: ["fairy"] });
    expect(unknown?.message).toMatch(/choose one of autorep, continuation, .*magnitude, senet/);
  });

  it("begins a descent at given masks, and keys it by them", () => {
    const startMasks = "e".repeat(64);
    const descents = (change: Partial<ExperimentSpecInput>) => {
      const { stageRuns } = planOf({ methods: ["continuation"], budgets: ["8%", "5%"], ...change });
      return stageRuns.filter(({ kind }) => kind === "mask-search");
    };
    const [[began], [all]] = [descents({ startMasks }), descents({})];
    expect(began?.inputs).toMatchObject({ ...all?.inputs, start: { artifact: startMasks } });
    expect(all?.inputs).not.toHaveProperty("start");
    expect({ ...began, inputs: null, stageKey: null }).toEqual({ ...all, inputs: null, stageKey: null });
    expect(began?.stageKey).not.toBe(all?.stageKey);
    expect(errorsOf({ methods: ["continuation", "snl"], budgets: ["5%"], startMasks })).toMatchObject([
      { field: "methods[1]", message: "snl begins at all ReLUs; of continuation alone startMasks are the start" },
    ]);
    expect(errorsOf({ methods: ["continuation"], budgets: ["5%"], granularity: "channel", startMasks })).toMatchObject([
      { field: "granularity" },
    ]);
  });

  it("keys stages by everything that changes their numbers, and by nothing else", () => {
    const keys = (change: Partial<ExperimentSpecInput>) =>
      planOf({ budgets: ["10%"], ...change }).stageRuns.map((stage) => stage.stageKey);
    const same = keys({});
    expect(keys({ name: "another name", priority: "high", pool: "a100" })).toEqual(same);
    expect(keys({ budgets: [7372] })).toEqual(same);
    const changes: Partial<ExperimentSpecInput>[] = [
      { seeds: [2] },
      { precision: "bf16" },
      { settings: { train: { learningRate: 0.2 } } },
    ];
    for (const change of changes)
      expect(
        keys(change).some((key) => same.includes(key)),
        JSON.stringify(change),
      ).toBe(
        change.settings !== undefined, // the sensitivity run does not depend on the AR training's rate
      );
  });

  it("descends once through all budgets, and distils each budget's student", () => {
    const planned = planOf({ methods: ["continuation"], budgets: ["8%", "20%"] });
    expect(kinds(planned)).toEqual(["train", "sensitivity", "mask-search", "distillation", "distillation"]);
    const [, , search, ...tunes] = planned.stageRuns;
    expect(search?.params).toMatchObject({ budget: 5_898, budgets: [14_745, 5_898] });
    expect(tunes.map(({ inputs }) => inputs.student)).toEqual([
      { stageKey: search?.stageKey, variant: "5898" },
      { stageKey: search?.stageKey, variant: "14745" },
    ]);
    expect(planned.trials.map(({ stageKeys }) => stageKeys[2])).toEqual([search?.stageKey, search?.stageKey]);
  });

  it.each(recipeNames)("takes a third of SENet's images for continuation's frontier with recipe %s", (recipe) => {
    const images = (method: string) =>
      planOf({ methods: [method], budgets: ["50%", "20%", "8%", "3%"], recipe })
        .stageRuns.filter(({ kind }) => kind === "mask-search" || kind === "distillation")
        .map(({ params }) => params as TrainingParams)
        .reduce((sum, { steps, settings }) => sum + steps * settings.batchSize, 0);
    expect(images("continuation") / images("senet")).toBeLessThanOrEqual(1 / 3);
    expect(images("continuation") / images("senet")).toBeGreaterThan(0.28);
  });

  it.each<[string, Partial<ExperimentSpecInput>, string]>([
    ["more removals than steps", { settings: { descent: { removals: 100 } } }, "settings.descent.removals"],
    ["no score", { settings: { descent: { ranking: "network" } }, granularity: "channel" }, "settings.descent.ranking"],
  ])("refuses a descent with %s", (_, change, field) => {
    expect(errorsOf({ methods: ["continuation"], ...change })[0]?.field).toBe(field);
  });

  it("keeps the keys of what was computed before", () => {
    const settings = { maskSearch: { score: "linearization-cost" as const } }; // what the recipe had then
    const { stageRuns } = planOf({ budgets: ["10%"], methods: ["senet", "uniform-random"], settings });
    expect(stageRuns.map(({ implementation, stageKey }) => `${implementation} ${stageKey.slice(0, 16)}`)).toEqual([
      "train/sgd ca4e3e2fb70f4eb4",
      "sensitivity/sparse-momentum 74cbcfa0fa760a01",
      "mask-search/senet 38569042615bdd60",
      "distillation/pram c4cb4fc97445a689",
      "mask-search/senet 8504dc4b570f9a9c",
      "distillation/pram 802cbe8674cae5db",
    ]);
  });

  it("gives other searches the images of SENet, the shared AR model and settings of their own", () => {
    const others = ["snl", "snl-exact", "autorep", "delphi-planner"];
    const planned = planOf({ budgets: ["10%"], methods: ["senet", ...others] });
    expect(kinds(planned).filter((kind) => kind === "train")).toHaveLength(1);
    const searches = planned.stageRuns.flatMap(({ params }) => (params.kind === "mask-search" ? [params] : []));
    expect(searches).toHaveLength(5); // snl and snl-exact differ in where they land
    expect(new Set(searches.map(({ steps, settings }) => `${steps} × ${settings.batchSize}`)).size).toBe(1);
    expect(
      searches.map(({ snl, autorep, delphi }) => [
        (snl as { landing: string } | undefined)?.landing,
        autorep !== undefined,
        delphi !== undefined,
      ]),
    ).toEqual([
      [undefined, false, false],
      ["threshold", false, false],
      ["exact", false, false],
      [undefined, true, false],
      [undefined, false, true],
    ]);
  });

  it("keys another search by its own settings, and not by those that only SENet's search reads", () => {
    const keyOf = (settings: ExperimentSpecInput["settings"]) =>
      planOf({ budgets: ["10%"], methods: ["snl"], settings }).stageRuns.find(({ kind }) => kind === "mask-search")
        ?.stageKey;
    const same = keyOf({});
    expect(keyOf({ maskSearch: { score: "paper", stopDistance: 0.5, allocationFloor: 0.01 } })).toBe(same);
    expect(keyOf({ autorep: { hysteresis: 0.1 } })).toBe(same);
    expect(keyOf({ snl: { threshold: 0.02 } })).not.toBe(same);
    expect(keyOf({ maskSearch: { temperature: 2 } })).not.toBe(same);
  });

  it("names the field at fault", () => {
    expect(errorsOf({ model: "resnet9" })[0]).toMatchObject({
      field: "model",
      message: expect.stringContaining("resnet8"),
    });
    expect(errorsOf({ methods: ["senet", "magic"] })[0]?.field).toBe("methods[1]");
    expect(errorsOf({ budgets: ["10%", 73_729] })[0]).toMatchObject({
      field: "budgets[1]",
      message: expect.stringContaining("73728"),
    });
    expect(errorsOf({ settings: { distillation: { batchSize: 50_000 } } })[0]?.field).toBe(
      "settings.distillation.batchSize",
    );
    expect(errorsOf({ recipe: "cpu/vgg" })[0]?.field).toBe("recipe");
    expect(errorsOf({ methods: ["snl"], granularity: "channel" })[0]).toMatchObject({
      field: "granularity",
      message: expect.stringContaining("snl knows pixel alone"),
    });
  });

  it("takes resized crops or padding, not both, in the recipe of a streamed data set and where a spec asks for them", () => {
    const [train] = planOf({ recipe: "paper/imagenet", budgets: ["10%"] }).stageRuns;
    expect(train?.params.settings).toMatchObject({ crop: "resized", cropPadding: 0, flip: true, batchSize: 256 });
    expect(errorsOf({ settings: { distillation: { crop: "resized", cropPadding: 4 } } })).toEqual([
      { field: "settings.distillation.cropPadding", message: 'is 4; it must be 0 where crop is "resized"' },
    ]);
  });

  it("divides batches where a spec asks for it, which changes the key of what is trained so", () => {
    const keysOf = (settings: ExperimentSpecInput["settings"]) =>
      planOf({ settings, methods: ["uniform-random"], budgets: ["10%"] }).stageRuns.map(({ stageKey }) => stageKey);
    const [train, ...others] = keysOf({});
    const divided = keysOf({ train: { microBatch: 16 } });
    expect(divided).toHaveLength(1 + others.length);
    expect(divided).not.toContain(train);
    expect(new Set([...divided, ...keysOf({ train: { microBatch: 32 } })]).size).toBe(2 * divided.length);
    expect(errorsOf({ settings: { train: { microBatch: 48 } } })).toEqual([
      { field: "settings.train.microBatch", message: "is 48; it must divide the batchSize of 64" },
    ]);
  });

  it("runs no sensitivity where published or given numbers stand in its place", () => {
    const counts = [100, 200, 300, 400, 500, 600, 700];
    const manual = { allocation: "manual", allocationList: counts } as const;
    const planned = planOf({ settings: { maskSearch: manual }, budgets: [2800], methods: ["senet", "uniform-random"] });
    expect(kinds(planned)).toEqual(["train", "mask-search", "distillation", "mask-search", "distillation"]);
    const searches = planned.stageRuns.flatMap(({ params }) =>
      params.kind === "mask-search" ? [params.settings] : [],
    );
    expect(searches.map(({ allocationList }) => allocationList)).toEqual([counts, undefined]);
    const paper = planOf({ model: "resnet18", settings: { maskSearch: { allocation: "paper" } }, budgets: ["5%"] });
    expect(kinds(paper)).toEqual(["train", "mask-search", "distillation"]);
  });

  it.each<[string, ExperimentSpecInput["settings"], string, RegExp]>([
    [
      "a list of another length",
      { maskSearch: { allocation: "manual", allocationList: [1, 2] } },
      "settings.maskSearch.allocationList",
      /has 2 counts; resnet8 has 7 ReLU layers/,
    ],
    [
      "a count above its layer",
      { maskSearch: { allocation: "manual", allocationList: [0, 0, 0, 0, 0, 0, 4097] } },
      "settings.maskSearch.allocationList",
      /\[6\] is 4097; layer layer3.0.relu2 has 4096 ReLUs/,
    ],
    [
      "a list that keeps nothing",
      { maskSearch: { allocation: "manual", allocationList: [0, 0, 0, 0, 0, 0, 0] } },
      "settings.maskSearch.allocationList",
      /no ReLU at all/,
    ],
    ["no list", { maskSearch: { allocation: "manual" } }, "settings.maskSearch.allocationList", /needs the ReLUs/],
    [
      "a list that nothing reads",
      { maskSearch: { allocationList: [1] } },
      "settings.maskSearch.allocationList",
      /read by "manual" alone/,
    ],
    [
      "a budget that is not the list's",
      { maskSearch: { allocation: "manual", allocationList: [1, 1, 1, 1, 1, 1, 1] } },
      "budgets[0]",
      /is 14745 ReLUs; the allocation list keeps 7/,
    ],
    [
      "a model without published numbers",
      { maskSearch: { allocation: "paper" } },
      "settings.maskSearch.allocation",
      /for resnet8; they are published for resnet18, resnet34/,
    ],
  ])("refuses an allocation with %s", (_, settings, field, message) => {
    expect(errorsOf({ settings })[0]).toMatchObject({ field, message: expect.stringMatching(message) });
  });

  it("is deterministic and does not depend on the order of fields", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 }), (percents) => {
        const budgets = percents.map((percent) => `${percent}%`);
        const reordered = Object.fromEntries(Object.entries({ ...base, budgets }).reverse()) as ExperimentSpecInput;
        expect(plan(experimentSpecSchema.parse(reordered), dataset, registry)).toEqual(
          plan(experimentSpecSchema.parse({ ...base, budgets }), dataset, registry),
        );
      }),
      { numRuns: 25 },
    );
  });
});

describe("budgets as written", () => {
  const issue = (budget: unknown) => {
    const parsed = experimentSpecSchema.safeParse({ ...base, budgets: [budget] });
    return parsed.success ? null : parsed.error.issues[0]?.message;
  };
  it.each([
    [0.1, /write "10%"/],
    [0, /at least 1/],
    [-5, /at least 1/],
    [Number.NaN, /./],
    ["1.5", /whole number/],
    ["120%", /at most 100/],
    ["many", /neither/],
    [1e20, /./],
  ])("refuses %s", (budget, message) => expect(issue(budget)).toMatch(message));
  it.each([[50_000], ["50k"], ["49.4k"], ["10 %"], ["0.5%"]])("takes %s", (budget) => expect(issue(budget)).toBeNull());
});
