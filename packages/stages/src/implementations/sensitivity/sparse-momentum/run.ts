import type { ResultOf, SensitivityArtifact } from "@reluctant/contracts";
import { type Mask, type Model, nodesOf, onesOf, reluLayers, stepsPerEpoch, sum, totalOf } from "@reluctant/relu";
import { type ContextOf, modelOf, type StageOutput } from "../../../context.ts";
import type { Network, Trainer } from "../../../engine.ts";
import { fit } from "../../../fit.ts";
import { packPatterns, unpackPatterns } from "../../../masks.ts";
import { floatsOf, sizeOf } from "../../../tensors.ts";
import { initialWeights, weightShapes } from "../../../weights.ts";
import { pruneAndRegrow, pruneRateAt, randomPatterns } from "./sparse-momentum.ts";

type History = ResultOf<"sensitivity">["history"];

/**
 * ReLU sensitivity from one sparse training run (method.md §3.1–2): the convolutions share a fixed number of non-zero
 * weights, and those that keep a dense share of theirs tell that the ReLU they feed matters little.
 */
export async function run(context: ContextOf<"sensitivity">): Promise<StageOutput> {
  const { engine, data, params, seed } = context;
  const { settings } = params;
  const model = modelOf(context);
  const network = engine.network({ model, weights: initialWeights(model, seed), normalization: data });
  const trainer = engine.trainer({ ...settings, student: network, objective: { crossEntropy: 1 } });

  const sizes = filterSizes(model);
  let patterns = named(sizes, randomPatterns([...sizes.values()], settings.density, seed));
  let history: History = [];
  trainer.setSparsity(patterns);
  const perEpoch = stepsPerEpoch(data.size("train"), settings.batchSize);

  const fitted = await fit({
    context,
    settings,
    student: network,
    trainer,
    state: {
      save: () => ({ tensors: packPatterns(patterns), notes: history }),
      load: ({ tensors, notes }) => {
        patterns = unpackPatterns(tensors, sizes);
        history = notes as History;
        trainer.setSparsity(patterns);
      },
    },
    async afterStep(step) {
      const done = step + 1;
      if (done % settings.pruneEvery !== 0 && done % perEpoch !== 0) return;
      const rate = pruneRateAt(done, params.steps, settings.pruneRate);
      patterns = named(sizes, pruneAndRegrow(await sparseLayers(network, trainer, patterns), rate));
      trainer.setSparsity(patterns);
      const densities = densitiesOf(model, patterns);
      history.push({ step: done, densities });
      return {
        points: reluLayers(model).map(({ name }, l) => ({
          series: `density/${name}`,
          step: done,
          value: densities[l] as number,
        })),
      };
    },
  });
  if (fitted.outcome === "stopped") return fitted;

  const layers = reluSensitivity(model, patterns);
  const density = globalDensity(patterns);
  const artifact: SensitivityArtifact = { model: model.name, density, layers };
  return {
    outcome: "succeeded",
    result: { kind: "sensitivity", images: fitted.images, density, layers, history },
    artifacts: [
      { role: "sensitivity", bytes: new TextEncoder().encode(JSON.stringify(artifact)), mediaType: "application/json" },
    ],
    points: [],
  };
}

/** Every convolution's weight by parameter name: shortcuts count in the global density (method.md §3.1). */
function filterSizes(model: Model): Map<string, number> {
  const shapes = weightShapes(model);
  return new Map(
    nodesOf(model, "conv").map(({ name }) => {
      const weight = `${name}.weight`;
      return [weight, sizeOf(shapes.get(weight) ?? [])];
    }),
  );
}

async function sparseLayers(network: Network, trainer: Trainer, patterns: ReadonlyMap<string, Mask>) {
  const [weights, momenta] = [await network.read(), await trainer.readMomenta()];
  return [...patterns].map(([name, pattern]) => ({
    pattern,
    weights: floatsOf(weights, name),
    momentum: floatsOf(momenta, name),
  }));
}

/** η_θ of the convolution that feeds each ReLU layer. */
const densitiesOf = (model: Model, patterns: ReadonlyMap<string, Mask>): number[] =>
  reluLayers(model).map(({ fedBy }) => densityOf(patterns.get(`${fedBy}.weight`) ?? new Uint8Array()));

/** η_α = 1 − η_θ, normalized to sum to 1; equal shares in the limit where every convolution is dense. */
export function reluSensitivity(model: Model, patterns: ReadonlyMap<string, Mask>): SensitivityArtifact["layers"] {
  const densities = densitiesOf(model, patterns);
  const total = densities.reduce((sum, density) => sum + 1 - density, 0);
  return reluLayers(model).map(({ name }, l) => {
    const density = densities[l] as number;
    return { layer: name, density, sensitivity: total > 0 ? (1 - density) / total : 1 / densities.length };
  });
}

const densityOf = (pattern: Mask): number => onesOf(pattern) / pattern.length;

function globalDensity(patterns: ReadonlyMap<string, Mask>): number {
  const all = [...patterns.values()];
  return totalOf(all) / sum(all.map(({ length }) => length));
}

const named = (sizes: ReadonlyMap<string, number>, patterns: readonly Mask[]): Map<string, Mask> =>
  new Map([...sizes.keys()].map((name, layer) => [name, patterns[layer] as Mask]));
