import type { ResultOf } from "@reluctant/contracts";
import { type Mask, type ReluLayer, reluCount, topUnits } from "@reluctant/relu";
import { maskedRelus } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import type { FitState } from "../../../fit.ts";
import { floatsOf, prefixed, type Tensors, under } from "../../../tensors.ts";
import { runSearch, searchOutput } from "../search.ts";
import { activationRate, searchSetup } from "../search-setup.ts";
import { nextPenalty, type PenaltyState } from "./penalty.ts";
import type { SnlSettings } from "./settings.ts";

interface Notes extends PenaltyState {
  /** Whether the count has come to the budget: the slopes are 0 or 1 from then on. */
  landed: boolean;
  course: NonNullable<ResultOf<"mask-search">["course"]>;
}

/**
 * Selective network linearization (Cho et al. 2022, method.md §9): every unit computes c·relu(x) + (1 − c)·x; weights and
 * slopes descend together with Adam under α‖c‖₁ until no more slopes than the budget exceed the threshold. Those become 1,
 * the others 0, and what is left of the run trains the weights: every method sees the same number of images.
 */
export async function run(context: ContextOf<"mask-search", { snl: SnlSettings }>): Promise<StageOutput> {
  const { engine, params } = context;
  const settings = params.snl;
  const setup = searchSetup(context);
  const { layers, student, teacher } = setup;
  const total = reluCount(setup.model);
  const countEvery = Math.max(1, Math.floor(params.steps / settings.counts));
  student.setActivations(layers.map(() => ({ kind: "soft-mask" })));
  const trainer = engine.trainer({
    student,
    teacher,
    objective: { ...setup.objective, reluPenalty: { weight: settings.penalty, target: 0 } },
    momentum: 0,
    weightDecay: 0,
    adam: { activationRate: activationRate(settings, params.steps) },
    microBatch: params.settings.microBatch,
  });

  let notes: Notes = { penalty: settings.penalty, lowest: total, intervals: 0, landed: false, course: [] };
  const follow = () =>
    trainer.adjust(notes.landed ? { reluPenaltyWeight: 0, activationRate: 0 } : { reluPenaltyWeight: notes.penalty });
  const state: FitState = {
    save: async () => ({ tensors: prefixed("activation", await student.readActivations()), notes }),
    load: (saved) => {
      student.loadActivations(under("activation", saved.tensors));
      notes = saved.notes as Notes;
      follow();
    },
  };
  const slopes = async () => slopesOf(await student.readActivations(), layers);
  const land = (masks: readonly Mask[]) => {
    student.loadActivations(slopeTensors(layers, masks));
    notes = { ...notes, landed: true };
  };

  return runSearch(context, setup, {
    settings: { ...params.settings, learningRate: settings.learningRate, decayAt: [], warmup: 0 },
    trainer,
    state,
    async afterStep(step) {
      if (notes.landed || (step + 1) % countEvery !== 0) return;
      const c = await slopes();
      const descent = {
        count: countAbove(c, settings.threshold),
        sum: c.reduce((sum, layer) => layer.reduce((part, slope) => part + Math.abs(slope), sum), 0),
        total,
        progress: (step + 1) / params.steps,
      };
      const course = [...notes.course, { step: step + 1, kept: descent.count, penalty: notes.penalty }];
      notes = { ...notes, ...nextPenalty(notes, descent, settings), course };
      context.report.log(
        `step ${step + 1}: ${descent.count} slopes above ${settings.threshold}, penalty ${notes.penalty.toPrecision(3)}`,
      );
      if (descent.count <= params.budget) land(keptUnits(c, params.budget, settings));
      follow();
      return { points: [{ series: "kept", step: step + 1, value: descent.count }] };
    },
    async end({ images }) {
      const masks = keptUnits(await slopes(), params.budget, settings);
      student.setActivations(maskedRelus(masks));
      return searchOutput(context, setup, { images, course: notes.course, masks, polynomials: new Map() });
    },
  });
}

/** Ones where the slope exceeds the threshold, or at the budget's largest slopes over all layers. */
export function keptUnits(
  slopes: readonly Float32Array[],
  budget: number,
  { threshold, landing }: Pick<SnlSettings, "threshold" | "landing">,
): Mask[] {
  if (landing === "threshold") return slopes.map((layer) => Uint8Array.from(layer, (c) => Number(c > threshold)));
  const all = new Float32Array(slopes.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const starts = slopes.map((layer) => {
    all.set(layer, end);
    end += layer.length;
    return end - layer.length;
  });
  const kept = topUnits(all, budget);
  return slopes.map(({ length }, l) => kept.slice(starts[l], (starts[l] as number) + length));
}

const countAbove = (slopes: readonly Float32Array[], threshold: number): number =>
  slopes.reduce((count, layer) => layer.reduce((part, c) => part + Number(c > threshold), count), 0);

const slopesOf = (activations: Tensors, layers: readonly ReluLayer[]): Float32Array[] =>
  layers.map(({ name }) => floatsOf(activations, `${name}.slope`));

const slopeTensors = (layers: readonly ReluLayer[], masks: readonly Mask[]): Tensors =>
  new Map(
    layers.map(({ name, shape }, l) => [`${name}.slope`, { shape, values: Float32Array.from(masks[l] as Mask) }]),
  );
