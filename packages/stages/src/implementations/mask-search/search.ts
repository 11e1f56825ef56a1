import type { ResultOf } from "@reluctant/contracts";
import { totalOf } from "@reluctant/relu";
import { type PartialRelus, polynomialUnits } from "../../activation.ts";
import { type ContextOf, type StageOutput, safetensorsType } from "../../context.ts";
import { evaluate } from "../../evaluate.ts";
import { type FitInput, type Fitted, fit } from "../../fit.ts";
import { encodeStudent, keptOf } from "../../masks.ts";
import type { Tensors } from "../../tensors.ts";
import type { SearchSetup } from "./search-setup.ts";

/** What a search does: how its student learns, and what happens after steps and at the end. */
interface Search extends Pick<FitInput, "trainer" | "state" | "afterStep"> {
  /** Those of the kind unless told. */
  settings?: FitInput["settings"];
  end(fitted: Fitted & { outcome: "finished" }): Promise<StageOutput>;
}

/** Trains the student of `setup` while the search goes on. */
export async function runSearch(
  context: ContextOf<"mask-search">,
  { student }: SearchSetup,
  { settings = context.params.settings, end, ...search }: Search,
): Promise<StageOutput> {
  const fitted = await fit({ context, settings, student, ...search });
  return fitted.outcome === "stopped" ? fitted : end(fitted);
}

interface Found extends Pick<ResultOf<"mask-search">, "images" | "course"> {
  masks: PartialRelus["masks"];
  /** Exchanges of units on the way, where there were any. */
  history?: ResultOf<"mask-search">["history"];
  /** Of searches that know them: what removed units compute, by layer. */
  polynomials?: PartialRelus["polynomials"];
  /** The student's as they are unless told. */
  weights?: Tensors;
}

/** Result and artifact of a search: the student under the masks that were found. */
export async function searchOutput(
  context: ContextOf<"mask-search">,
  { model, layers, student }: SearchSetup,
  { images, masks, history = [], course, polynomials, weights }: Found,
): Promise<StageOutput> {
  const reluCount = totalOf(masks);
  const { budget } = context.params;
  if (reluCount !== budget)
    context.report.log(
      `keeps ${reluCount} ReLUs: ${Math.abs(reluCount - budget)} ${reluCount > budget ? "more" : "fewer"} than its budget`,
    );
  const validationAccuracy = await evaluate(student, context, "validation");
  const bytes = encodeStudent(model, weights ?? (await student.read()), masks, polynomials);
  return {
    outcome: "succeeded",
    result: {
      kind: "mask-search",
      images,
      reluCount,
      ...(polynomials && { polynomialUnits: polynomialUnits(model, { masks, polynomials }) }),
      allocation: keptOf(layers, masks),
      history,
      ...(course && { course }),
      validationAccuracy,
    },
    artifacts: [{ role: "masks", bytes, mediaType: safetensorsType }],
    points: [],
  };
}
