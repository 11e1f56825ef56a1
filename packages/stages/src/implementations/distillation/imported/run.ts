import { totalOf } from "@reluctant/relu";
import { activationsOf, polynomialUnits } from "../../../activation.ts";
import { type ContextOf, inputOf, modelOf, type StageOutput, safetensorsType } from "../../../context.ts";
import { evaluate } from "../../../evaluate.ts";
import { badInput } from "../../../failure.ts";
import { decodeStudent, encodeStudent } from "../../../masks.ts";
import { encodeWeights } from "../../../weights.ts";
import { noShares } from "../loss-shares.ts";

/** A partial-ReLU network as it was trained elsewhere, evaluated: no step is taken, and no teacher is asked. */
export async function run(context: ContextOf<"distillation">): Promise<StageOutput> {
  const { engine, data } = context;
  const model = modelOf(context);
  const student = badInput("input student", () => decodeStudent(inputOf(context, "student"), model));
  const { weights, masks, polynomials } = student;
  const network = engine.network({ model, weights, normalization: data });
  network.setActivations(activationsOf(model, student));
  context.report.started(0);
  return {
    outcome: "succeeded",
    result: {
      kind: "distillation",
      images: 0,
      reluCount: totalOf(masks),
      polynomialUnits: polynomialUnits(model, student),
      validationAccuracy: await evaluate(network, context, "validation"),
      testAccuracy: await evaluate(network, context, "test"),
      lossShares: noShares,
    },
    artifacts: [
      { role: "weights", bytes: encodeWeights(model, weights), mediaType: safetensorsType },
      { role: "masks", bytes: encodeStudent(model, weights, masks, polynomials), mediaType: safetensorsType },
    ],
    points: [],
  };
}
