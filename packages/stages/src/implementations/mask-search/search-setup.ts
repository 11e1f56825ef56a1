import type { ResultOf } from "@reluctant/contracts";
import { type Mask, type Model, onesOf, type ReluLayer, reluLayers } from "@reluctant/relu";
import { type Polynomial, polynomialUnits } from "../../activation.ts";
import { type ContextOf, inputOf, modelOf, type StageOutput, safetensorsType } from "../../context.ts";
import type { Network, Objective } from "../../engine.ts";
import { evaluate } from "../../evaluate.ts";
import { badInput } from "../../failure.ts";
import { encodeStudent } from "../../masks.ts";
import { decodeWeights } from "../../weights.ts";

/** What every search starts from: the AR model twice, once as the teacher that never changes. */
export interface Search {
  model: Model;
  layers: readonly ReluLayer[];
  teacher: Network;
  student: Network;
  /** Cross-entropy and softened logits, by the mask search's settings. */
  objective: Objective;
}

export function startSearch(context: ContextOf<"mask-search">): Search {
  const { engine, data, params } = context;
  const model = modelOf(context);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const { distillWeight, temperature } = params.settings;
  return {
    model,
    layers: reluLayers(model),
    teacher: engine.network({ model, weights, normalization: data }),
    student: engine.network({ model, weights, normalization: data }),
    objective: { crossEntropy: 1 - distillWeight, divergence: { weight: distillWeight, temperature } },
  };
}

/** What the activations learn at, as a multiple of the weights' rate: more than 1 only where a run is too short. */
export const activationRate = (
  { learningRate, leastTravel }: { learningRate: number; leastTravel: number },
  steps: number,
): number => Math.max(1, leastTravel / (learningRate * steps));

type Found = Pick<ResultOf<"mask-search">, "images" | "course"> & {
  masks: readonly Mask[];
  polynomials?: ReadonlyMap<string, Polynomial>;
};

/** The result and artifact of a search by another rule than exchanging units under an allocation. */
export async function foundMasks(
  context: ContextOf<"mask-search">,
  { model, layers, student }: Search,
  { images, course, masks, polynomials = new Map() }: Found,
): Promise<StageOutput> {
  const reluCount = masks.reduce((total, mask) => total + onesOf(mask), 0);
  const { budget } = context.params;
  if (reluCount !== budget)
    context.report.log(
      `keeps ${reluCount} ReLUs: ${Math.abs(reluCount - budget)} ${reluCount > budget ? "more" : "fewer"} than its budget`,
    );
  return {
    outcome: "succeeded",
    result: {
      kind: "mask-search",
      images,
      reluCount,
      polynomialUnits: polynomialUnits(model, { masks, polynomials }),
      allocation: layers.map(({ name, units }, l) => ({ layer: name, size: units, kept: onesOf(masks[l] as Mask) })),
      history: [],
      course,
      validationAccuracy: await evaluate(student, context, "validation"),
    },
    artifacts: [
      {
        role: "masks",
        bytes: encodeStudent(model, await student.read(), masks, polynomials),
        mediaType: safetensorsType,
      },
    ],
    points: [],
  };
}
