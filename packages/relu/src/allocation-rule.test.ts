import { describe, expect, it } from "vitest";
import { layerCounts } from "./allocation-rule.ts";
import { models } from "./models/catalog.ts";
import { reluLayers } from "./models/model.ts";
import { sum } from "./numbers.ts";
import { publishedSensitivity } from "./published-sensitivity.ts";

const unasked = () => {
  throw new Error("the measured sensitivity was asked for");
};
const modelOf = (name: string) => {
  const model = models[name]?.build([32, 32, 3], 10);
  if (!model) throw new Error(`no model ${name}`);
  return model;
};

describe("the rule of a mask search's settings", () => {
  it.each(Object.keys(publishedSensitivity))("paper: %s has a value for each ReLU layer, which sum to 1", (name) => {
    const published = publishedSensitivity[name] as number[];
    expect(published).toHaveLength(reluLayers(modelOf(name)).length);
    expect(sum(published)).toBeCloseTo(1, 3);
    const rule = { allocation: "paper", allocationFloor: 0.004 } as const;
    expect(sum(layerCounts({ rule, model: modelOf(name), budget: 30_000, measured: unasked }))).toBe(30_000);
  });

  it("sensitivity: reads what was measured, and keeps each layer's floor", () => {
    const rule = { allocation: "sensitivity", allocationFloor: 0.01 } as const;
    const counts = layerCounts({
      rule,
      model: modelOf("resnet8"),
      budget: 3_691,
      measured: () => [0, 0, 0, 0, 0, 0, 1],
    });
    // 1 % of 16,384, 16,384, 16,384, 8,192, 8,192 and 4,096; the last layer, all sensitivity, takes the rest.
    expect(counts).toEqual([163, 163, 163, 81, 81, 40, 3_000]);
  });

  it("manual: answers the list as it is, for its own sum alone", () => {
    const list = [9, 8, 7, 6, 5, 4, 3];
    const rule = { allocation: "manual", allocationFloor: 0.004, allocationList: list } as const;
    const input = { rule: { ...rule, allocationList: [...list] }, model: modelOf("resnet8"), measured: unasked };
    expect(layerCounts({ ...input, budget: 42 })).toEqual(list);
    expect(() => layerCounts({ ...input, budget: 43 })).toThrow("keeps 42 ReLUs, the budget 43");
  });

  it("refuses what the plan refuses", () => {
    const rule = { allocation: "paper", allocationFloor: 0 } as const;
    const of = () => layerCounts({ rule, model: modelOf("resnet20"), budget: 100, measured: unasked });
    expect(of).toThrow(/settings\.maskSearch\.allocation "paper" has no sensitivities for resnet20/);
  });
});
