import type { Mask, ReluLayer } from "@reluctant/relu";
import { delphiPolynomial, type Polynomial } from "../../../activation.ts";
import type { ContextOf, StageOutput } from "../../../context.ts";
import type { Network } from "../../../engine.ts";
import { evaluate } from "../../../evaluate.ts";
import type { FitState } from "../../../fit.ts";
import { prefixed, type Tensors, under } from "../../../tensors.ts";
import { runSearch, searchOutput } from "../search.ts";
import { searchSetup } from "../search-setup.ts";
import type { DelphiSettings } from "./settings.ts";

/** Layers swapped for the quadratic so far, by name, in their order; the last may still be on its way. */
type Swapped = readonly string[];

/**
 * DELPHI's planner (Mishra et al. 2020, method.md §9) with greedy removal in place of its population search. Whole ReLU
 * layers become 0.1992 + 0.5002x + 0.1997x², never the first or the last, until the count is within the budget or none is
 * left. One layer after another, while training goes on: the next is the one whose removal costs least validation accuracy,
 * and its ReLU is mixed linearly into the quadratic over a period.
 */
export async function run(context: ContextOf<"mask-search", { delphi: DelphiSettings }>): Promise<StageOutput> {
  const { engine, params } = context;
  const settings = params.delphi;
  const setup = searchSetup(context);
  const { layers, student, teacher, objective } = setup;
  const removable = layers.slice(1, -1);
  const period = Math.max(1, Math.floor((settings.swapShare * params.steps) / Math.max(1, removable.length)));
  student.setActivations(layers.map((layer) => activationOf(layer, removable.includes(layer))));
  const { momentum, weightDecay, microBatch } = params.settings;
  const { clipNorm } = settings;
  const trainer = engine.trainer({ student, teacher, objective, momentum, weightDecay, clipNorm, microBatch });

  let swapped: Swapped = [];
  const state: FitState = {
    save: async () => ({ tensors: prefixed("activation", await student.readActivations()), notes: swapped }),
    load: ({ tensors, notes }) => {
      student.loadActivations(under("activation", tensors));
      swapped = notes as Swapped;
    },
  };
  return runSearch(context, setup, {
    trainer,
    state,
    async afterStep(step) {
      const candidates = removable.filter(({ name }) => !swapped.includes(name));
      const round = Math.floor(step / period);
      if (step % period === 0 && candidates.length > 0 && keptBy(layers, swapped) > params.budget) {
        const next = await leastMissed(candidates, (name) => {
          setShares(student, removable, [...swapped, name], 1);
          return evaluate(student, context, "validation", settings.planImages);
        });
        swapped = [...swapped, next.name];
        context.report.log(
          `step ${step + 1}: ${next.name} becomes quadratic (validation ${(100 * next.accuracy).toFixed(2)} % at once), ${keptBy(layers, swapped)} ReLUs left`,
        );
      }
      const mixed = round < swapped.length ? ((step % period) + 1) / period : 1;
      setShares(student, removable, swapped, mixed);
      return undefined;
    },
    end: ({ images }) =>
      searchOutput(context, setup, {
        images,
        masks: layers.map(({ name, units }): Mask => new Uint8Array(units).fill(swapped.includes(name) ? 0 : 1)),
        polynomials: new Map(swapped.map((name) => [name, polynomialOf(layers, name)])),
      }),
  });
}

const activationOf = ({ units, shape }: ReluLayer, removable: boolean) =>
  removable
    ? ({ kind: "polynomial", share: new Float32Array(units), coefficients: delphiPolynomial(shape[2]) } as const)
    : ({ kind: "masked-relu", mask: new Uint8Array(units).fill(1) } as const);

/** Swapped layers compute the quadratic alone, the last of them a mixture of which it has the share `last`. */
function setShares(student: Network, removable: readonly ReluLayer[], swapped: Swapped, last: number): void {
  const shareOf = (name: string) => (name === swapped.at(-1) ? last : Number(swapped.includes(name)));
  const shares: Tensors = new Map(
    removable.map(({ name, shape, units }) => [
      `${name}.share`,
      { shape, values: new Float32Array(units).fill(shareOf(name)) },
    ]),
  );
  student.loadActivations(shares);
}

/** The layer without whose ReLUs accuracy is highest; the first of equals. */
async function leastMissed(
  candidates: readonly ReluLayer[],
  accuracyWithout: (name: string) => Promise<number>,
): Promise<{ name: string; accuracy: number }> {
  let best = { name: "", accuracy: Number.NEGATIVE_INFINITY };
  for (const { name } of candidates) {
    const accuracy = await accuracyWithout(name);
    if (accuracy > best.accuracy) best = { name, accuracy };
  }
  return best;
}

const keptBy = (layers: readonly ReluLayer[], swapped: Swapped): number =>
  layers.reduce((sum, { name, units }) => sum + (swapped.includes(name) ? 0 : units), 0);

const polynomialOf = (layers: readonly ReluLayer[], name: string): Polynomial =>
  delphiPolynomial(layers.find((layer) => layer.name === name)?.shape[2] ?? 0);
