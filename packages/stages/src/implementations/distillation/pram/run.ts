import { stepsPerEpoch, totalOf } from "@reluctant/relu";
import { polynomialUnits } from "../../../activation.ts";
import { type ContextOf, type StageOutput, safetensorsType } from "../../../context.ts";
import { evaluate } from "../../../evaluate.ts";
import { fit } from "../../../fit.ts";
import { encodeStudent } from "../../../masks.ts";
import { encodeWeights } from "../../../weights.ts";
import { distillationSetup } from "../distillation-setup.ts";
import { gradientShares } from "../gradient-shares.ts";
import { addShares, type LossShares, noShares } from "../loss-shares.ts";

/**
 * The partial-ReLU student learns from its all-ReLU teacher: labels, softened logits, and activations after each block
 * group (method.md §5). Masks and polynomials never change, so the ReLU count is the search's by construction.
 */
export async function run(context: ContextOf<"distillation">): Promise<StageOutput> {
  const { engine, data, params } = context;
  const { settings } = params;
  const { model, masks, polynomials, teacher, student, objective } = distillationSetup(context);
  const trainer = engine.trainer({ ...settings, student, teacher, objective });

  const lastEpoch = Math.min(params.steps, stepsPerEpoch(data.size("train"), settings.batchSize));
  let shares = noShares;
  const atFirst = context.resumeFrom ? null : await gradientShares(context, trainer, { batch: 0, done: 0 });
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
    afterStep: (step) => (step === 0 && atFirst ? { points: atFirst.points } : undefined),
    onOutcome(step, outcome) {
      if (step >= params.steps - lastEpoch) shares = addShares(shares, outcome, lastEpoch);
    },
  });
  if (fitted.outcome === "stopped") return fitted;
  const atLast = await gradientShares(context, trainer, { batch: fitted.steps - 1, done: fitted.steps });

  const trained = await student.read();
  return {
    outcome: "succeeded",
    result: {
      kind: "distillation",
      images: fitted.images,
      reluCount: totalOf(masks),
      polynomialUnits: polynomialUnits(model, { masks, polynomials }),
      validationAccuracy: await evaluate(student, context, "validation"),
      testAccuracy: await evaluate(student, context, "test"),
      lossShares: shares,
      gradientShares: atLast.shares,
    },
    artifacts: [
      { role: "weights", bytes: encodeWeights(model, trained), mediaType: safetensorsType },
      { role: "masks", bytes: encodeStudent(model, trained, masks, polynomials), mediaType: safetensorsType },
    ],
    points: atLast.points,
  };
}
