import { sensitivityArtifactSchema } from "@reluctant/contracts";
import { layerCounts, type Model, reluLayers } from "@reluctant/relu";
import { type ContextOf, inputOf } from "../../context.ts";
import { badInput } from "../../failure.ts";

/**
 * r_l of every ReLU layer at a budget, by the settings' rule; only `sensitivity` reads the stage's input of that name.
 * @param spend.sizes units that each layer has left; all of its own unless told
 */
export const allocationOf = (
  context: ContextOf<"mask-search">,
  model: Model,
  spend: { budget: number; sizes?: readonly number[] },
): number[] =>
  badInput("params.budget", () =>
    layerCounts({
      rule: context.params.settings,
      model,
      ...spend,
      measured: () => measuredSensitivity(context, model),
    }),
  );

const measuredSensitivity = (context: ContextOf<"mask-search">, model: Model): number[] =>
  badInput("input sensitivity", () => {
    const read = sensitivityArtifactSchema.parse(JSON.parse(new TextDecoder().decode(inputOf(context, "sensitivity"))));
    const names = read.layers.map(({ layer }) => layer).join();
    if (
      names !==
      reluLayers(model)
        .map(({ name }) => name)
        .join()
    )
      throw new Error(`its layers (${names}) are not those of ${model.name}`);
    return read.layers.map(({ sensitivity }) => sensitivity);
  });
