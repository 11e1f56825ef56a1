import { type ResultOf, sensitivityArtifactSchema } from "@reluctant/contracts";
import { layerCounts, type Mask, type Model, maskDistance, onesOf, overlapOf, reluLayers } from "@reluctant/relu";
import { maskChoice, randomMasks, topMasks } from "./choose-masks.ts";
import { type ContextOf, inputOf, modelOf, type StageOutput, safetensorsType } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { badInput } from "./failure.ts";
import { type FitState, fit } from "./fit.ts";
import { encodeStudent, masksFromTensors, masksToTensors } from "./masks.ts";
import { floatsOf, type HostTensor, type Tensors, under } from "./tensors.ts";
import { decodeWeights } from "./weights.ts";

type History = ResultOf<"mask-search">["history"];

/**
 * Which ReLUs to keep (PAPER §4). The student starts from the teacher's weights and random masks. After every interval of
 * training, each layer keeps the units that scored highest over all the interval's batches.
 */
export async function maskSearch(context: ContextOf<"mask-search">): Promise<StageOutput> {
  const { engine, data, params, seed } = context;
  const { settings } = params;
  const model = modelOf(context);
  const layers = reluLayers(model);
  const weights = badInput("input arModel", () => decodeWeights(inputOf(context, "arModel"), model));
  const allocation = badInput("params.budget", () => allocationOf(context, model));
  const choice = maskChoice(layers, allocation, params.granularity);

  const teacher = engine.network({ model, weights, normalization: data });
  const student = engine.network({ model, weights, normalization: data });
  const { score, distillWeight, temperature } = settings;
  const trainer = engine.trainer({
    ...settings,
    student,
    teacher,
    objective: { crossEntropy: 1 - distillWeight, divergence: { weight: distillWeight, temperature } },
    score: score === "random" ? undefined : score,
  });

  let masks = randomMasks(choice, seed);
  let history: History = [];
  student.setMasks(masks);

  const state: FitState = {
    save: async () => ({
      tensors: new Map([...masksToTensors(model, masks), ...scoreTensors(await trainer.readScores())]),
      notes: history,
    }),
    load: ({ tensors, notes }) => {
      masks = masksFromTensors(tensors, model);
      history = notes as History;
      student.setMasks(masks);
      trainer.loadScores(scoresFromTensors(tensors));
    },
  };
  const fitted = await fit({
    context,
    settings,
    student,
    trainer,
    state,
    async afterStep(step) {
      if (score === "random" || (step + 1) % params.intervalSteps !== 0) return;
      const next = topMasks(choice, await trainer.readScores());
      const update = { step: step + 1, distance: maskDistance(masks, next), overlap: overlaps(masks, next) };
      masks = next;
      history.push(update);
      context.report.log(`step ${update.step}: ${(100 * update.distance).toFixed(1)} % of the kept units exchanged`);
      student.setMasks(masks);
      trainer.loadScores(null);
      return {
        points: [{ series: "distance", step: step + 1, value: update.distance }],
        done: update.distance < settings.stopDistance,
      };
    },
  });
  if (fitted.outcome === "stopped") return fitted;

  return {
    outcome: "succeeded",
    result: {
      kind: "mask-search",
      images: fitted.images,
      reluCount: masks.reduce((total, mask) => total + onesOf(mask), 0),
      allocation: layers.map(({ name, units }, l) => ({ layer: name, size: units, kept: onesOf(masks[l] as Mask) })),
      history,
      validationAccuracy: await evaluate(student, context, "validation"),
    },
    artifacts: [
      { role: "masks", bytes: encodeStudent(model, await student.read(), masks), mediaType: safetensorsType },
    ],
    points: [],
  };
}

/** r_l of every ReLU layer by the settings' rule; only `sensitivity` reads the stage's input of that name. */
function allocationOf(context: ContextOf<"mask-search">, model: Model): number[] {
  const { budget, settings } = context.params;
  return layerCounts({ rule: settings, model, budget, measured: () => measuredSensitivity(context, model) });
}

const measuredSensitivity = (context: ContextOf<"mask-search">, model: Model): number[] =>
  badInput("input sensitivity", () => {
    const read = sensitivityArtifactSchema.parse(JSON.parse(new TextDecoder().decode(inputOf(context, "sensitivity"))));
    const names = read.layers.map(({ layer }) => layer).join();
    if (
      names !==
      reluLayers(model)
        .map(({ name }) => name)
        .join()
    )
      throw new Error(`its layers (${names}) are not those of ${model.name}`);
    return read.layers.map(({ sensitivity }) => sensitivity);
  });

/** Each layer's share of kept units that stayed; 1 where nothing is kept. */
const overlaps = (before: readonly Mask[], after: readonly Mask[]): number[] =>
  before.map((mask, l) => {
    const kept = onesOf(mask);
    return kept === 0 ? 1 : overlapOf(mask, after[l] as Mask) / kept;
  });

const scoreTensors = (scores: readonly Float32Array[]): Map<string, HostTensor> =>
  new Map(scores.map((values, layer) => [`score.${layer}`, { shape: [values.length], values }]));

function scoresFromTensors(tensors: Tensors): Float32Array[] {
  const scores = under("score", tensors);
  return Array.from({ length: scores.size }, (_, layer) => floatsOf(scores, String(layer)));
}
