import type { FieldError, MaskSearchSettings } from "@reluctant/contracts";
import { allocate, leastBudget, uniformAllocation } from "./allocation.ts";
import { type Model, type ReluLayer, reluCount, reluLayers } from "./models/model.ts";
import { sum } from "./numbers.ts";
import { publishedSensitivity } from "./published-sensitivity.ts";

/** How a mask search's settings spread a budget over a network's layers: what each rule reads, allows and answers. */
type Rule = Pick<MaskSearchSettings, "allocation" | "allocationFloor" | "allocationList">;

export interface AllocationRuleInput {
  rule: Rule;
  model: Model;
  budget: number;
  /** Units that each layer has left; all of its own unless told. */
  sizes?: readonly number[];
  /** η_α of each ReLU layer; asked for by `sensitivity` alone. */
  measured: () => readonly number[];
}

/** r_l of every ReLU layer. @throws RangeError when the rule cannot spend the budget on this network */
export function layerCounts({ rule, model, budget, sizes = sizesOf(model), measured }: AllocationRuleInput): number[] {
  const [problem] = allocationErrors(rule, model);
  if (problem) throw new RangeError(`${problem.field} ${problem.message}`);
  switch (rule.allocation) {
    case "sensitivity":
      return allocate({ sensitivity: measured(), sizes, budget, floor: rule.allocationFloor });
    case "paper":
      return allocate({
        sensitivity: publishedSensitivity[model.name] ?? [],
        sizes,
        budget,
        floor: rule.allocationFloor,
      });
    case "uniform":
      return uniformAllocation(sizes, budget);
    case "manual": {
      const list = [...(rule.allocationList ?? [])];
      if (sum(list) !== budget)
        throw new RangeError(`the allocation list keeps ${sum(list)} ReLUs, the budget ${budget}`);
      return list;
    }
  }
}

/**
 * Whether a mask search is planned with a sensitivity run. `uniform` could do without, but its stage keys name one:
 * leaving it out would lose the results computed so far.
 */
export const readsSensitivity = ({ allocation }: Rule): boolean =>
  allocation === "sensitivity" || allocation === "uniform";

/** Smallest and largest budget that the rule can spend. */
export function budgetBounds(rule: Rule, model: Model): [least: number, most: number] {
  if (rule.allocation === "manual") return [sum(rule.allocationList ?? []), sum(rule.allocationList ?? [])];
  const floor = rule.allocation === "uniform" ? 0 : rule.allocationFloor;
  return [Math.max(1, leastBudget(sizesOf(model), floor)), reluCount(model)];
}

/** What the settings lack for this network, by field. */
export function allocationErrors({ allocation, allocationList }: Rule, model: Model): FieldError[] {
  if (allocation === "paper" && !publishedSensitivity[model.name]) {
    const known = Object.keys(publishedSensitivity).join(", ");
    return [error("allocation", `"paper" has no sensitivities for ${model.name}; they are published for ${known}`)];
  }
  if (allocation !== "manual") {
    return allocationList
      ? [error("allocationList", `is read by "manual" alone; leave it out with "${allocation}"`)]
      : [];
  }
  if (!allocationList) return [error("allocationList", '"manual" needs the ReLUs that each layer keeps')];
  const problem = listProblem(allocationList, reluLayers(model), model.name);
  return problem ? [error("allocationList", problem)] : [];
}

function listProblem(list: readonly number[], layers: readonly ReluLayer[], model: string): string | null {
  if (list.length !== layers.length) return `has ${list.length} counts; ${model} has ${layers.length} ReLU layers`;
  const index = layers.findIndex(({ units }, l) => (list[l] as number) > units);
  if (index >= 0) return `[${index}] is ${list[index]}; layer ${layers[index]?.name} has ${layers[index]?.units} ReLUs`;
  return sum(list) > 0 ? null : "keeps no ReLU at all";
}

const error = (setting: keyof Rule, message: string): FieldError => ({
  field: `settings.maskSearch.${setting}`,
  message,
});

const sizesOf = (model: Model): number[] => reluLayers(model).map(({ units }) => units);
