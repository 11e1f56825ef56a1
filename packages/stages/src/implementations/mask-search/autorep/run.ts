import type { ResultOf } from "@reluctant/contracts";
import { type Mask, type ReluLayer, reluCount, streams, totalOf, uniform } from "@reluctant/relu";
import type { Polynomial } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import type { FitState } from "../../../fit.ts";
import { floatsOf, prefixed, type Tensors, under } from "../../../tensors.ts";
import { runSearch, searchOutput } from "../search.ts";
import { activationRate, searchSetup } from "../search-setup.ts";
import type { AutorepSettings } from "./settings.ts";

type Course = NonNullable<ResultOf<"mask-search">["course"]>;

/**
 * AutoReP (Peng et al. 2023, method.md §9): every unit has a trainable score, and keeps its ReLU while the score is
 * positive; λ·relu(density − target) drives the scores down, the loss holds those up whose ReLU it needs. Units without a
 * ReLU compute the degree-2 fit of ReLU to what enters their channel. Where the regularizer stops acting is the count that
 * it reports.
 */
export async function run(context: ContextOf<"mask-search", { autorep: AutorepSettings }>): Promise<StageOutput> {
  const { engine, params, seed } = context;
  const settings = params.autorep;
  const setup = searchSetup(context);
  const { layers, student, teacher } = setup;
  const total = reluCount(setup.model);
  student.setActivations(
    layers.map(({ units }, layer) => ({
      kind: "scored-mask",
      scores: initialScores(units, { seed, layer }),
      hysteresis: settings.hysteresis,
    })),
  );
  const trainer = engine.trainer({
    student,
    teacher,
    objective: { ...setup.objective, reluPenalty: { weight: settings.densityWeight / total, target: params.budget } },
    momentum: 0,
    weightDecay: 0,
    adam: { activationRate: activationRate(settings, params.steps) },
    microBatch: params.settings.microBatch,
  });

  let course: Course = [];
  const state: FitState = {
    save: async () => ({ tensors: prefixed("activation", await student.readActivations()), notes: course }),
    load: ({ tensors, notes }) => {
      student.loadActivations(under("activation", tensors));
      course = notes as Course;
    },
  };
  return runSearch(context, setup, {
    settings: { ...params.settings, learningRate: settings.learningRate, decay: "cosine", warmup: 0 },
    trainer,
    state,
    async afterStep(step) {
      if ((step + 1) % params.intervalSteps !== 0) return;
      const kept = totalOf(indicators(await student.readActivations(), layers));
      course = [...course, { step: step + 1, kept, penalty: settings.densityWeight }];
      context.report.log(`step ${step + 1}: ${kept} ReLUs kept`);
      return { points: [{ series: "kept", step: step + 1, value: kept }] };
    },
    async end({ images }) {
      const found = await student.readActivations();
      return searchOutput(context, setup, {
        images,
        course,
        masks: indicators(found, layers),
        polynomials: new Map(layers.map(({ name }) => [name, floatsOf(found, `${name}.coefficients`) as Polynomial])),
      });
    },
  });
}

/** Uniform in [0, 1), each unit its own. */
const initialScores = (units: number, { seed, layer }: { seed: number; layer: number }): Float32Array =>
  Float32Array.from({ length: units }, (_, index) => uniform({ seed, stream: streams.scores, epoch: layer, index }));

const indicators = (activations: Tensors, layers: readonly ReluLayer[]): Mask[] =>
  layers.map(({ name }) => Uint8Array.from(floatsOf(activations, `${name}.indicator`)));
