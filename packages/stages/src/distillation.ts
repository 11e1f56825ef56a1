import type { ResultOf } from "@reluctant/contracts";
import { stepsPerEpoch } from "@reluctant/relu";
import { type ContextOf, inputOf, modelOf, type StageOutput, safetensorsType } from "./context.ts";
import type { StepOutcome } from "./engine.ts";
import { evaluate } from "./evaluate.ts";
import { badInput } from "./failure.ts";
import { fit } from "./fit.ts";
import { decodeStudent, encodeStudent, totalOf } from "./masks.ts";
import { decodeWeights, encodeWeights } from "./weights.ts";

type LossShares = ResultOf<"distillation">["lossShares"];

/**
 * The partial-ReLU student learns from its all-ReLU teacher: labels, softened logits, and activations after each block
 * group (PAPER §5). The masks never change, so the ReLU count is the search's by construction.
 */
export async function distillation(context: ContextOf<"distillation">): Promise<StageOutput> {
  const { engine, data, params } = context;
  const { settings } = params;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const start = badInput("input student", () => decodeStudent(inputOf(context, "student"), model));

  const teacher = engine.network({ model, weights, normalization: data });
  const student = engine.network({ model, weights: start.weights, normalization: data });
  student.setMasks(start.masks);
  const { distillWeight, temperature, pram, pramWeight } = settings;
  const trainer = engine.trainer({
    ...settings,
    student,
    teacher,
    objective: {
      crossEntropy: 1 - distillWeight,
      divergence: { weight: distillWeight, temperature },
      pram: pram === "off" ? undefined : { form: pram, weight: pramWeight },
    },
  });

  const lastEpoch = Math.min(params.steps, stepsPerEpoch(data.size("train"), settings.batchSize));
  let shares: LossShares = { crossEntropy: 0, divergence: 0, pram: 0 };
  const fitted = await fit({
    context,
    settings,
    student,
    trainer,
    state: {
      save: () => ({ tensors: new Map(), notes: shares }),
      load: ({ notes }) => {
        shares = notes as LossShares;
      },
    },
    afterStep(step, outcome) {
      if (step >= params.steps - lastEpoch) shares = addShares(shares, outcome, lastEpoch);
      return undefined;
    },
  });
  if (fitted.outcome === "stopped") return fitted;

  const trained = await student.read();
  return {
    outcome: "succeeded",
    result: {
      kind: "distillation",
      images: fitted.images,
      reluCount: totalOf(start.masks),
      validationAccuracy: await evaluate(student, context, "validation"),
      testAccuracy: await evaluate(student, context, "test"),
      lossShares: shares,
    },
    artifacts: [
      { role: "weights", bytes: encodeWeights(model, trained), mediaType: safetensorsType },
      { role: "masks", bytes: encodeStudent(model, trained, start.masks), mediaType: safetensorsType },
    ],
    points: [],
  };
}

/** Adds one of `steps` steps to the mean share of each term in the loss. */
const addShares = (
  shares: LossShares,
  { loss, crossEntropy, divergence, pram }: StepOutcome,
  steps: number,
): LossShares => ({
  crossEntropy: shares.crossEntropy + crossEntropy / loss / steps,
  divergence: shares.divergence + divergence / loss / steps,
  pram: shares.pram + pram / loss / steps,
});
