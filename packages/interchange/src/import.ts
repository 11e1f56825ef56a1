import { type Model, modelNames, models, nodesOf } from "@reluctant/relu";
import { encodeWeights, type HostTensor, requireWeights, type Tensors } from "@reluctant/stages";
import { type Mapping, mapTensors } from "./mapping.ts";
import { readStateDict } from "./state-dict-file.ts";

/** Which network a foreign file holds. */
export interface ModelChoice {
  model: string;
  /** Height and width of its images, in pixels. */
  side: number;
  classes: number;
  /** Path of its state dict, as `ema`, in a file that holds several. */
  stateDict?: string | undefined;
}

/** A network that came in. */
export interface Imported {
  /** The `weights` artifact, to be named as `arModel`. */
  weights: Uint8Array;
  /** Which tensor of the file became which of ours. */
  mapping: Mapping;
}

/**
 * Turns a state dict (safetensors or a file of `torch.save`; a known code line's names, or the shapes of all layers in a row)
 * into a `weights` artifact. Step counters of batch norm are dropped; a convolution's bias is taken into the running mean
 * behind it, which leaves the network's function as it was.
 * @throws Error naming the model, the tensor or the shape that does not fit
 */
export function importNetwork(bytes: Uint8Array, choice: ModelChoice): Imported {
  const model = build(choice);
  const { tensors, isOrdered } = readStateDict(bytes, { at: choice.stateDict });
  requireSound(tensors);
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const mapping = mapTensors(shapes, model, { isOrdered });
  const renamed = new Map(mapping.tensors.map(({ theirs, ours }) => [ours, tensors.get(theirs) as HostTensor]));
  absorbBiases(renamed, model);
  return { weights: encodeWeights(model, requireWeights(renamed, model)), mapping };
}

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

function build({ model, side, classes }: ModelChoice): Model {
  const family = models[model];
  if (!family) throw new Error(`there is no model "${model}"; the models are ${modelNames.join(", ")}`);
  if (!family.sides.includes(side))
    throw new Error(`${model} takes images of side ${family.sides.join(" or ")}, not ${side}`);
  return family.build([side, side, 3], classes);
}

/** BN(x + b) with mean μ is BN(x) with mean μ − b. */
function absorbBiases(tensors: Map<string, HostTensor>, model: Model): void {
  for (const norm of nodesOf(model, "batch-norm")) {
    const bias = tensors.get(`${norm.from}.bias`);
    const mean = tensors.get(`${norm.name}.running_mean`);
    const isBehindConvolution = nodesOf(model, "conv").some(({ name }) => name === norm.from);
    if (!bias || !mean || !isBehindConvolution) continue;
    if (bias.values.length !== mean.values.length)
      throw new Error(`tensor "${norm.from}.bias" has shape [${bias.shape}]; ${model.name} needs [${mean.shape}]`);
    const values = Float32Array.from(mean.values, (value, channel) => value - (bias.values[channel] as number));
    tensors.set(`${norm.name}.running_mean`, { shape: mean.shape, values });
    tensors.delete(`${norm.from}.bias`);
  }
}
