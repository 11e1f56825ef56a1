import type { ResultOf } from "@reluctant/contracts";
import { maskDistance } from "@reluctant/relu";
import { maskedRelus } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import type { FitState } from "../../../fit.ts";
import { masksFromTensors, masksToTensors, overlapsOf } from "../../../masks.ts";
import { allocationOf } from "../allocation.ts";
import { maskChoice, randomMasks, topMasks } from "../choose-masks.ts";
import { runSearch, searchOutput } from "../search.ts";
import { scoresFromTensors, scoreTensors, scoringTrainer, searchSetup } from "../search-setup.ts";

type History = ResultOf<"mask-search">["history"];

/**
 * Which ReLUs to keep (method.md §4). The student starts from the teacher's weights and random masks. After every interval
 * of training, each layer keeps the units that scored highest over all the interval's batches.
 */
export async function run(context: ContextOf<"mask-search">): Promise<StageOutput> {
  const { params, seed } = context;
  const { settings } = params;
  const { score } = settings;
  const setup = searchSetup(context);
  const { model, layers, student } = setup;
  const trainer = scoringTrainer(context, setup);
  const choice = maskChoice(layers, allocationOf(context, model, { budget: params.budget }), params.granularity);

  let masks = randomMasks(choice, seed);
  let history: History = [];
  student.setActivations(maskedRelus(masks));

  const state: FitState = {
    save: async () => ({
      tensors: new Map([...masksToTensors(model, masks), ...scoreTensors(await trainer.readScores())]),
      notes: history,
    }),
    load: ({ tensors, notes }) => {
      masks = masksFromTensors(tensors, model);
      history = notes as History;
      student.setActivations(maskedRelus(masks));
      trainer.loadScores(scoresFromTensors(tensors));
    },
  };
  return runSearch(context, setup, {
    trainer,
    state,
    async afterStep(step) {
      if (score === "random" || (step + 1) % params.intervalSteps !== 0) return;
      const next = topMasks(choice, await trainer.readScores());
      const update = { step: step + 1, distance: maskDistance(masks, next), overlap: overlapsOf(masks, next) };
      masks = next;
      history.push(update);
      context.report.log(`step ${update.step}: ${(100 * update.distance).toFixed(1)} % of the kept units exchanged`);
      student.setActivations(maskedRelus(masks));
      trainer.loadScores(null);
      return {
        points: [{ series: "distance", step: step + 1, value: update.distance }],
        done: update.distance < settings.stopDistance,
      };
    },
    end: ({ images }) => searchOutput(context, setup, { images, masks, history }),
  });
}
