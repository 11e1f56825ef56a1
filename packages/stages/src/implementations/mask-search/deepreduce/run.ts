import { criticality, type Mask, type Model, type ReluStage, reduceTo, reluLayers, reluStages } from "@reluctant/relu";
import { maskedRelus } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import { evaluate } from "../../../evaluate.ts";
import { StageFailure } from "../../../failure.ts";
import type { FitState } from "../../../fit.ts";
import { zeroed } from "../../../tensors.ts";
import { runSearch, searchOutput } from "../search.ts";
import { scoringTrainer, searchSetup } from "../search-setup.ts";
import type { DeepReduceSettings } from "./settings.ts";

/**
 * DeepReDuce (method.md §9): one network without ReLUs and one for each stage that has them in that stage alone train for
 * equal shares of the steps, each from the all-ReLU weights, with distillation; what each stage gains there on validation
 * ranks it. The student has the all-ReLU weights and the masks that culling and thinning leave.
 */
export async function run(context: ContextOf<"mask-search", { deepreduce: DeepReduceSettings }>): Promise<StageOutput> {
  const { params } = context;
  const setup = searchSetup(context);
  const { model, student } = setup;
  const trainer = scoringTrainer(context, setup);
  const stages = reluStages(model);
  const start = await student.read();
  const idle = zeroed(await trainer.readMomenta());
  const trials: readonly (ReluStage | null)[] = [null, ...stages];
  if (params.steps < trials.length)
    throw new StageFailure("bad-input", `${params.steps} steps are too few for ${trials.length} networks`);

  const lastStepOf = (trial: number) => Math.floor(((trial + 1) * params.steps) / trials.length);
  /** Validation accuracy of the trials that have ended: without ReLUs, then with those of each stage. */
  let accuracies: number[] = [];
  const begin = () => student.setActivations(maskedRelus(masksKeeping(model, trials[accuracies.length]?.layers ?? [])));
  begin();

  const state: FitState = {
    save: () => ({ tensors: new Map(), notes: accuracies }),
    load: ({ notes }) => {
      accuracies = notes as number[];
      begin();
    },
  };
  return runSearch(context, setup, {
    trainer,
    state,
    async afterStep(step) {
      if (step + 1 < lastStepOf(accuracies.length)) return;
      accuracies.push(await evaluate(student, context, "validation"));
      student.load(start);
      trainer.loadMomenta(idle);
      begin();
      return undefined;
    },
    end({ images }) {
      const { layers, reluCount, thinned } = reduceTo(model, rank(context, stages, accuracies), params.budget);
      context.report.log(`${reluCount} ReLUs${thinned ? ", thinned," : ""} for the budget of ${params.budget}`);
      const masks = masksKeeping(model, layers);
      student.setActivations(maskedRelus(masks));
      return searchOutput(context, setup, { images, masks, weights: start });
    },
  });
}

/** Stages by falling criticality. */
function rank(
  { params, report }: ContextOf<"mask-search", { deepreduce: DeepReduceSettings }>,
  stages: readonly ReluStage[],
  [none = 0, ...alone]: readonly number[],
): ReluStage[] {
  const exponent = params.deepreduce.criticalityExponent;
  const ranked = stages
    .map((stage, index) => ({ stage, worth: criticality((alone[index] ?? 0) - none, stage.units, exponent) }))
    .sort((a, b) => b.worth - a.worth);
  for (const { stage, worth } of ranked) report.log(`criticality of ${stage.name}: ${worth.toPrecision(3)}`);
  return ranked.map(({ stage }) => stage);
}

/** Masks that keep these layers whole and nothing else. */
const masksKeeping = (model: Model, layers: readonly number[]): Mask[] =>
  reluLayers(model).map(({ units }, layer) => new Uint8Array(units).fill(layers.includes(layer) ? 1 : 0));
