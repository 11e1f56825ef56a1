import { maskedRelus } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import { measure } from "../../../measure.ts";
import { allocationOf } from "../allocation.ts";
import { maskChoice, topMasks } from "../choose-masks.ts";
import { searchOutput } from "../search.ts";
import { searchSetup } from "../search-setup.ts";
import type { MagnitudeSettings } from "./settings.ts";

/**
 * A baseline without a search: of every layer the units stay whose activation is largest on average over training images,
 * in the AR model by its running statistics. Nothing is trained before the distillation.
 */
export async function run(context: ContextOf<"mask-search", { magnitude: MagnitudeSettings }>): Promise<StageOutput> {
  const { params } = context;
  const setup = searchSetup(context);
  const { model, layers, teacher, student } = setup;
  const choice = maskChoice(layers, allocationOf(context, model, { budget: params.budget }), params.granularity);
  const measured = await measure(context, {
    network: teacher,
    statistic: "activation",
    images: params.magnitude.images,
    batchSize: params.settings.batchSize,
  });
  if (measured.outcome === "stopped") return measured;

  const masks = topMasks(choice, measured.means);
  student.setActivations(maskedRelus(masks));
  return searchOutput(context, setup, { images: measured.images, masks });
}
