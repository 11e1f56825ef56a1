import { type Model, modelNames, models, nodesOf } from "@reluctant/relu";
import { decodeSafetensors, encodeWeights, type HostTensor, requireWeights } from "@reluctant/stages";

/** Which network a foreign file holds. */
export interface ModelChoice {
  model: string;
  /** Height and width of its images, in pixels. */
  side: number;
  classes: number;
}

/** A name as others write it → as we and torchvision do. Rules apply in order, each to the outcome of the one before. */
type Rules = readonly (readonly [pattern: RegExp, name: string])[];

const everywhere: Rules = [
  [/^(module|model|state_dict)\./, ""], // DataParallel, and common wrappers
];
const residual: Rules = [
  [/\.shortcut\.(\d)\./, ".downsample.$1."], // CIFAR ResNets after K. Liu
  [/^linear\./, "fc."],
];
const wide: Rules = [
  [/^block(\d)\.layer\.(\d)\./, "layer$1.$2."], // wide ResNets after J. Lim and S. Zagoruyko
  [/\.convShortcut\./, ".downsample.0."],
];
const vgg: Rules = [
  [/^classifier\.0\./, "classifier."], // one dense layer inside a Sequential
];

const rulesOf = (model: string): Rules => [
  ...everywhere,
  ...(model.startsWith("wrn") ? wide : model.startsWith("vgg") ? vgg : residual),
];

/**
 * Turns a PyTorch state dict (safetensors, float32, torchvision's names or a common repository's) into a `weights`
 * artifact, to be named as `arModel`. Step counters of batch norm are dropped; a convolution's bias is taken into the
 * running mean behind it, which leaves the network's function as it was.
 * @throws Error naming the model, the tensor or the shape that does not fit
 */
export function importStateDict(bytes: Uint8Array, choice: ModelChoice): Uint8Array {
  const model = build(choice);
  const { tensors } = decodeSafetensors(bytes, { skip: isCounter });
  const rules = rulesOf(choice.model);
  const renamed = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const ours = rules.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), name);
    if (renamed.has(ours)) throw new Error(`two tensors of the file are "${ours}", the second as "${name}"`);
    renamed.set(ours, tensor);
  }
  absorbBiases(renamed, model);
  const weights = requireWeights(renamed, model);
  const unknown = [...renamed.keys()].find((name) => !weights.has(name));
  if (unknown) throw new Error(`tensor "${unknown}" is not part of ${model.name}; another model, or other classes?`);
  return encodeWeights(model, weights);
}

function build({ model, side, classes }: ModelChoice): Model {
  const family = models[model];
  if (!family) throw new Error(`there is no model "${model}"; the models are ${modelNames.join(", ")}`);
  if (!family.sides.includes(side))
    throw new Error(`${model} takes images of side ${family.sides.join(" or ")}, not ${side}`);
  return family.build([side, side, 3], classes);
}

const isCounter = (name: string): boolean => name.endsWith(".num_batches_tracked");

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
