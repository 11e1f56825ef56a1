import { reluCount } from "@reluctant/relu";
import { type ContextOf, modelOf, type StageOutput, safetensorsType } from "../../../context.ts";
import { evaluate } from "../../../evaluate.ts";
import { fit } from "../../../fit.ts";
import { encodeWeights, initialWeights } from "../../../weights.ts";

/** The all-ReLU network, trained with SGD on the labels alone (method.md §7): the teacher of all that follows. */
export async function run(context: ContextOf<"train">): Promise<StageOutput> {
  const { engine, data, params, seed } = context;
  const { settings } = params;
  const model = modelOf(context);
  const network = engine.network({ model, weights: initialWeights(model, seed), normalization: data });
  const trainer = engine.trainer({ ...settings, student: network, objective: { crossEntropy: 1 } });

  const fitted = await fit({ context, settings, student: network, trainer });
  if (fitted.outcome === "stopped") return fitted;

  return {
    outcome: "succeeded",
    result: {
      kind: "train",
      images: fitted.images,
      reluCount: reluCount(model),
      validationAccuracy: await evaluate(network, context, "validation"),
      testAccuracy: await evaluate(network, context, "test"),
    },
    artifacts: [{ role: "weights", bytes: encodeWeights(model, await network.read()), mediaType: safetensorsType }],
    points: [],
  };
}
