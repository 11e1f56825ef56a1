import { expect, it } from "vitest";
import { measuringSpec } from "./pi.ts";

const spec = {
  name: "a sweep",
  dataset: "glyphs@0123456789abcdef",
  model: "resnet8",
  recipe: "debug",
  methods: ["senet", "continuation"],
  budgets: ["10%", "5%"],
};
const asked = {
  system: "delphi" as const,
  protocols: ["gmw" as const],
  linear: "he" as const,
  profiles: ["wan" as const],
  samples: 2,
  threads: 1,
  repeats: 1,
};

it("asks for the measurement of what the experiment has, and for nothing else", () => {
  expect(measuringSpec(spec, asked)).toEqual({
    ...spec,
    name: "a sweep private inference",
    pi: asked,
  });
});

it("narrows the budgets where their masks do not depend on the others", () => {
  const chosen = { ...asked, budgets: ["5%"] };
  expect(measuringSpec(spec, { ...chosen, methods: ["senet"], seeds: [2] })).toMatchObject({
    methods: ["senet"],
    seeds: [2],
    budgets: ["5%"],
    pi: { budgets: ["5%"] },
  });
  expect(measuringSpec(spec, { ...chosen, methods: ["continuation"] })).toMatchObject({
    budgets: ["10%", "5%"],
    pi: { budgets: ["5%"] },
  });
});
