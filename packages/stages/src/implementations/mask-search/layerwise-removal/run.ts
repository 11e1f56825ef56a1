import { type Mask, topUnits, totalOf } from "@reluctant/relu";
import { maskedRelus } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import type { Network } from "../../../engine.ts";
import { evaluate } from "../../../evaluate.ts";
import type { FitState } from "../../../fit.ts";
import { masksFromTensors, masksToTensors } from "../../../masks.ts";
import { runSearch, searchOutput } from "../search.ts";
import { scoresFromTensors, scoreTensors, scoringTrainer, searchSetup } from "../search-setup.ts";
import type { LayerRemovalSettings } from "./settings.ts";

/**
 * A baseline that every study needs (method.md §9): whole layers lose their ReLUs, always the one whose loss costs the
 * least validation accuracy, and the student trains between removals. Of the last layer its highest scores stay, so that
 * the count is the budget.
 */
export async function run(
  context: ContextOf<"mask-search", { layerRemoval: LayerRemovalSettings }>,
): Promise<StageOutput> {
  const { params } = context;
  const setup = searchSetup(context);
  const { model, layers, student } = setup;
  const trainer = scoringTrainer(context, setup);
  const removalEvery = Math.max(1, Math.floor(params.steps / (layers.length + 1)));
  let masks: Mask[] = layers.map(({ units }) => new Uint8Array(units).fill(1));
  student.setActivations(maskedRelus(masks));
  const state: FitState = {
    save: async () => ({
      tensors: new Map([...masksToTensors(model, masks), ...scoreTensors(await trainer.readScores())]),
      notes: null,
    }),
    load: ({ tensors }) => {
      masks = masksFromTensors(tensors, model);
      student.setActivations(maskedRelus(masks));
      trainer.loadScores(scoresFromTensors(tensors));
    },
  };
  const remove = async (step: number) => {
    const layer = await leastMissed(context, student, masks);
    context.report.log(`step ${step}: ${layers[layer]?.name} is missed the least of ${totalOf(masks)} ReLUs`);
    masks = without(masks, layer, await trainer.readScores(), totalOf(masks) - params.budget);
    student.setActivations(maskedRelus(masks));
  };
  return runSearch(context, setup, {
    trainer,
    state,
    async afterStep(step) {
      const isLast = step + 1 === params.steps; // a run of few steps removes the rest at once
      if (totalOf(masks) <= params.budget || !(isLast || (step + 1) % removalEvery === 0)) return;
      do await remove(step + 1);
      while (isLast && totalOf(masks) > params.budget);
      trainer.loadScores(null);
      return { points: [{ series: "relus", step: step + 1, value: totalOf(masks) }] };
    },
    end: ({ images }) => searchOutput(context, setup, { images, masks }),
  });
}

/** The layer without which the student is right most often; the first of equals. */
async function leastMissed(
  context: ContextOf<"mask-search", { layerRemoval: LayerRemovalSettings }>,
  student: Network,
  masks: readonly Mask[],
): Promise<number> {
  const { probeImages } = context.params.layerRemoval;
  let best = { layer: -1, accuracy: -1 };
  for (const [layer, mask] of masks.entries()) {
    if (!mask.includes(1)) continue;
    student.setActivations(maskedRelus(masks.with(layer, new Uint8Array(mask.length))));
    const accuracy = await evaluate(student, context, "validation", probeImages);
    if (accuracy > best.accuracy) best = { layer, accuracy };
  }
  return best.layer;
}

/** Takes up to `excess` units from a layer, the lowest scores first. */
function without(masks: readonly Mask[], layer: number, scores: readonly Float32Array[], excess: number): Mask[] {
  const { length } = masks[layer] as Mask;
  return masks.with(layer, topUnits(scores[layer] as Float32Array, Math.max(0, length - excess)));
}
