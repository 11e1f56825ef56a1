import { type Model, modelNames, models } from "@reluctant/relu";
import { encodeWeights, type HostTensor, requireWeights, type Tensors, weightShapes } from "@reluctant/stages";
import { absorbBiases } from "./biases.ts";
import type { Shapes } from "./layers.ts";
import { fits, type Mapping, mapTensors } from "./mapping.ts";
import { readStateDict } from "./state-dict-file.ts";
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
}

/** A network that came in. */
export interface Imported {
  /** Which model the file was read as: a variant of the one that was named, where an answer chose it. */
  model: string;
  /** The `weights` artifact, to be named as `arModel`. */
  weights: Uint8Array;
  /** Which tensor of the file became which of ours. */
  mapping: Mapping;
}

/**
 * Turns a state dict (safetensors or a file of `torch.save`; a known code line's names, or the shapes of all layers in a row)
 * into a `weights` artifact. Step counters of batch norm are dropped; biases that our convolutions have not are taken into
 * what follows, which leaves the network's function as it was.
 * @throws Error naming the model, the tensor or the shape that does not fit, or the flag that says what the file does not
 */
export function importNetwork(bytes: Uint8Array, choice: ModelChoice): Imported {
  const model = build(choice);
  const { tensors, isOrdered } = readStateDict(bytes, { at: choice.stateDict });
  requireSound(tensors);
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const mapping = withOtherModels(shapes, { choice, model, isOrdered });
  const renamed = new Map(mapping.tensors.map(({ theirs, ours }) => [ours, tensors.get(theirs) as HostTensor]));
  const weights = requireWeights(absorbBiases(asConvolutions(renamed, model), model), model);
  return { model: model.name, weights: encodeWeights(model, weights), mapping };
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

/** Training that broke leaves numbers that no network computes with. */
function requireSound(tensors: Tensors): void {
  for (const [name, { values }] of tensors) {
    const least = name.endsWith("running_var") ? 0 : Number.NEGATIVE_INFINITY;
    for (const value of values) {
      if (Number.isFinite(value) && value >= least) continue;
      const what = Number.isFinite(value) ? "a negative variance" : value;
      throw new Error(`tensor "${name}" holds ${what}; training broke before it was saved`);
    }
  }
}

function build({ model: named, side, classes, answers = {} }: ModelChoice): Model {
  if (!models[named]) throw new Error(`there is no model "${named}"; the models are ${modelNames.join(", ")}`);
  const model = variantOf(named, answers);
  const family = models[model] as NonNullable<(typeof models)[string]>;
  if (!family.sides.includes(side))
    throw new Error(`${model} takes images of side ${family.sides.join(" or ")}, not ${side}`);
  return family.build([side, side, 3], classes);
}
