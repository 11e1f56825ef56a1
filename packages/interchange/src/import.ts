import { type Model, modelNames, models, nodesOf, reluCount, reluLayers, totalOf } from "@reluctant/relu";
import {
  encodeStudent,
  encodeWeights,
  type HostTensor,
  requireWeights,
  type Tensors,
  weightShapes,
} from "@reluctant/stages";
import { absorbBiases } from "./biases.ts";
import type { GraphCounts } from "./checkpoint/onnx-file.ts";
import type { Shapes } from "./layers.ts";
import { fits, type Mapping, mapTensors } from "./mapping.ts";
import { wrapperOf } from "./naming.ts";
import { findRelus, parted, readMasks } from "./relus/find-relus.ts";
import type { FoundRelus, Keeping } from "./relus/kept.ts";
import { type ForeignFile, readStateDict } from "./state-dict-file.ts";
import { builtModel, type StatedNetwork, statedName } from "./stated-network.ts";
import { type Answers, variantOf } from "./variant.ts";

/** Which network a foreign file holds. */
export interface ModelChoice {
  model: string;
  /** Height and width of its images, in pixels. */
  side: number;
  classes: number;
  /** What no file shows, by flag: see `questions`. */
  answers?: Answers;
  /** Path of its state dict, as `ema`, in a file that holds several. */
  stateDict?: string | undefined;
  masks?: ForeignFile | undefined;
  keeping?: Keeping;
}

/** A network that came in. */
export interface Imported {
  /** Which model the file was read as: a variant of the one that was named, where an answer chose it. */
  model: string;
  /** The `weights` artifact, to be named as `arModel`; of a partial-ReLU network its weights alone. */
  weights: Uint8Array;
  /** The `masks` artifact of a partial-ReLU network; null of one that keeps every ReLU. */
  masks: Uint8Array | null;
  reluCount: number;
  /** At which AutoReP's indicators were moved, which no file holds; null of others. */
  hysteresis: number | null;
  /** Which tensor of the file became which of ours. */
  mapping: Mapping;
  /** In [0, 1], as the file says it of itself; null where it says nothing that we know. */
  accuracy: number | null;
}

/**
 * Turns a state dict (see `readStateDict`; a known code line's names, or the shapes of all layers in a row) into our
 * artifacts. Step counters of batch norm are dropped; biases that our convolutions have not are taken into what follows, which
 * leaves the network's function as it was.
 * @param choice.masks masks that lie in a file of their own
 * @throws Error naming the model, the tensor or the shape that does not fit, or the flag that says what the file does not
 */
export function importNetwork(file: ForeignFile, choice: ModelChoice): Imported {
  const { tensors, isOrdered, accuracy, stated, graph } = readStateDict(file, { at: choice.stateDict });
  const model = build(choice, stated);
  const wrapper = wrapperOf(tensors.keys());
  const own = parted(new Map([...tensors].map(([name, tensor]) => [name.slice(wrapper.length), tensor])));
  requireSound(new Map([...own.weights, ...own.relus]), wrapper);
  const shapes = new Map([...own.weights].map(([name, { shape }]) => [wrapper + name, shape]));
  const mapping = withOtherModels(shapes, { choice, model, isOrdered });
  if (graph) requireLayers(graph, model);
  const renamed = new Map(mapping.tensors.map(({ theirs, ours }) => [ours, tensors.get(theirs) as HostTensor]));
  const weights = requireWeights(absorbBiases(asConvolutions(renamed, model), model), model);
  const relus = relusOf(own.relus, model, choice);
  return {
    model: model.name,
    weights: encodeWeights(model, weights),
    masks: relus && encodeStudent(model, weights, relus.masks, relus.polynomials),
    reluCount: relus ? totalOf(relus.masks) : reluCount(model),
    hysteresis: relus?.hysteresis ?? null,
    mapping,
    accuracy,
  };
}

/** Masks in the file or beside it; null where every ReLU is kept. */
function relusOf(tensors: Tensors, model: Model, { masks, keeping = {} }: ModelChoice): FoundRelus | null {
  const own = findRelus(tensors, model, keeping);
  if (own && masks) throw new Error("the file has masks of its own; leave --masks out, or bring the weights alone");
  const file = masks && readStateDict(masks);
  if (file?.stated && statedName(file.stated) !== model.name)
    throw new Error(
      `the masks say that they are of a ${statedName(file.stated)}, the weights are read as a ${model.name}; bring those of one network`,
    );
  const found = file ? readMasks(file.tensors, model, keeping, file) : own;
  const cut = keeping.threshold !== undefined ? "threshold" : keeping.budget !== undefined ? "budget" : null;
  if (!found && cut)
    throw new Error(`--${cut} says nothing of a file without masks; leave it out, or add --masks FILE`);
  return found && (found.polynomials.size > 0 || totalOf(found.masks) < reluCount(model)) ? found : null;
}

/** Who named another model than the file's learns which the file fits. */
function withOtherModels(
  shapes: Shapes,
  { choice, model, isOrdered }: { choice: ModelChoice; model: Model; isOrdered: boolean },
): Mapping {
  try {
    return mapTensors(shapes, model, { isOrdered });
  } catch (error) {
    const others = Object.entries(models).filter(
      ([name, { sides, build }]) =>
        name !== model.name &&
        sides.includes(choice.side) &&
        fits(shapes, build([choice.side, choice.side, 3], choice.classes)),
    );
    if (others.length === 0 || !(error instanceof Error)) throw error;
    const names = others.map(([name]) => `--model ${name}`).join(" or ");
    throw new Error(`${error.message}; its tensors are those of ${names}`, { cause: error });
  }
}

/** Dense layers before a ReLU are 1×1 convolutions here. */
const asConvolutions = (tensors: Tensors, model: Model): Tensors => {
  const shapes = weightShapes(model);
  return new Map([...tensors].map(([name, { shape, values }]) => [name, { shape: shapes.get(name) ?? shape, values }]));
};

/** Weights do not show ReLUs and pools; a graph does, and where it has fewer or more it is another function. */
function requireLayers({ relus, maxPools }: GraphCounts, model: Model): void {
  const needed = { relus: reluLayers(model).length, maxPools: nodesOf(model, "max-pool").filter(isWindow).length };
  if (relus === needed.relus && maxPools === needed.maxPools) return;
  throw new Error(
    `of ReLU layers and max-pools its graph has ${relus} and ${maxPools}, a ${model.name} ${needed.relus} and ${needed.maxPools}: it is another function; name its model, or bring the checkpoint and its masks`,
  );
}

const isWindow = ({ kernel }: { kernel: number }): boolean => kernel > 1;

/** Training that broke leaves numbers that no network computes with. */
function requireSound(tensors: Tensors, wrapper: string): void {
  for (const [name, { values }] of tensors) {
    const least = name.endsWith("running_var") ? 0 : Number.NEGATIVE_INFINITY;
    for (const value of values) {
      if (Number.isFinite(value) && value >= least) continue;
      const what = Number.isFinite(value) ? "a negative variance" : value;
      throw new Error(`tensor "${wrapper}${name}" holds ${what}; training broke before it was saved`);
    }
  }
}

function build({ model: named, side, classes, answers = {} }: ModelChoice, stated?: StatedNetwork): Model {
  if (!models[named]) throw new Error(`there is no model "${named}"; the models are ${modelNames.join(", ")}`);
  const model = variantOf(named, answers, stated?.model);
  const { sides } = models[model] as NonNullable<(typeof models)[string]>;
  if (!sides.includes(side)) throw new Error(`${model} takes images of side ${sides.join(" or ")}, not ${side}`);
  if (stated?.side !== undefined && stated.side !== String(side))
    throw new Error(`its network was trained on images of ${stated.side} pixels, the data set's have ${side}`);
  return builtModel(model, { side, classes, width: stated?.width });
}
