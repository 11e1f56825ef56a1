import { expect, it } from "vitest";
import type { Registry } from "./definition.ts";
import { measuringSpec } from "./measuring-spec.ts";

const registry = {
  implementations: { search: {}, descent: { descends: true } },
  methods: { senet: { stages: ["search"] }, continuation: { stages: ["descent"] } },
} as unknown as Registry;
const spec = {
  name: "a sweep",
  dataset: "glyphs@0123456789abcdef",
  model: "resnet8",
  recipe: "debug",
  methods: ["senet", "continuation"],
  budgets: ["10%", "5%"],
};
const pi = {
  system: "delphi" as const,
  protocols: ["gmw" as const],
  linear: "he" as const,
  profiles: ["wan" as const],
  samples: 2,
  batch: 2,
  threads: 1,
  repeats: 1,
};

it("asks for the measurement of what the experiment has, and for nothing else", () => {
  expect(measuringSpec(spec, {}, pi, registry)).toEqual({ ...spec, name: "a sweep private inference", pi });
});

it("keeps the name of what measures already", () => {
  const { name } = measuringSpec(spec, {}, pi, registry);
  expect(measuringSpec({ ...spec, name }, {}, pi, registry).name).toBe("a sweep private inference");
});

it("narrows the budgets where their masks do not depend on the others", () => {
  expect(measuringSpec(spec, { budgets: ["5%"], methods: ["senet"], seeds: [2] }, pi, registry)).toMatchObject({
    methods: ["senet"],
    seeds: [2],
    budgets: ["5%"],
    pi: { budgets: ["5%"] },
  });
  expect(measuringSpec(spec, { budgets: ["5%"], methods: ["continuation"] }, pi, registry)).toMatchObject({
    budgets: ["10%", "5%"],
    pi: { budgets: ["5%"] },
  });
});
