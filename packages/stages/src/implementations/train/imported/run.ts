import { reluCount } from "@reluctant/relu";
import { type ContextOf, inputOf, modelOf, type StageOutput, safetensorsType } from "../../../context.ts";
import { evaluate } from "../../../evaluate.ts";
import { badInput } from "../../../failure.ts";
import { decodeWeights, encodeWeights } from "../../../weights.ts";

/** The all-ReLU network as it was trained elsewhere, evaluated: no step is taken. */
export async function run(context: ContextOf<"train">): Promise<StageOutput> {
  const { engine, data } = context;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const network = engine.network({ model, weights, normalization: data });
  context.report.started(0);
  return {
    outcome: "succeeded",
    result: {
      kind: "train",
      images: 0,
      reluCount: reluCount(model),
      validationAccuracy: await evaluate(network, context, "validation"),
      testAccuracy: await evaluate(network, context, "test"),
    },
    artifacts: [{ role: "weights", bytes: encodeWeights(model, weights), mediaType: safetensorsType }],
    points: [],
  };
}
