/** A name as others write it → as we and torchvision do. Rules apply in order, each to the outcome of the one before. */
type Rules = readonly (readonly [pattern: RegExp, name: string])[];

/** Residual networks of K. Liu, Y. Idelbayev (akamaster) and weiaicunzai; torchvision's and timm's names are ours. */
const residual: Rules = [
  [/\.shortcut\.(\d)\./, ".downsample.$1."],
  [/^linear\./, "fc."],
  [/^conv1\.0\./, "conv1."],
  [/^conv1\.1\./, "bn1."],
  [/^conv2_x\./, "layer1."],
  [/^conv3_x\./, "layer2."],
  [/^conv4_x\./, "layer3."],
  [/^conv5_x\./, "layer4."],
  [/\.residual_function\.0\./, ".conv1."],
  [/\.residual_function\.1\./, ".bn1."],
  [/\.residual_function\.3\./, ".conv2."],
  [/\.residual_function\.4\./, ".bn2."],
  [/\.residual_function\.6\./, ".conv3."],
  [/\.residual_function\.7\./, ".bn3."],
];

/** Pre-activation networks: wide ones after J. Lim and S. Zagoruyko (xternalz), meliketoy's, and K. Liu's. */
const preActivation: Rules = [
  [/^block(\d)\.layer\.(\d)\./, "layer$1.$2."],
  [/\.convShortcut\./, ".downsample.0."],
  [/\.shortcut\.0\./, ".downsample.0."],
  [/^linear\./, "fc."],
];

/** VGG with batch norm: torchvision's places in `features` are ours. SNL's code calls them `feature`. */
const vggFeatures: Rules = [[/^feature\./, "features."]];
/** One dense layer has many names; three have places in `classifier`. */
const vggOneDense: Rules = [...vggFeatures, [/^(classifier\.0|fc|linear)\./, "classifier."]];

/** By how a model's name begins; the first that fits. */
const rules: readonly (readonly [model: RegExp, rules: Rules])[] = [
  [/^(wrn|preact)/, preActivation],
  [/^vgg.*-3-dense/, vggFeatures],
  [/^vgg/, vggOneDense],
  [/^/, residual],
];

const rulesOf = (model: string): Rules => rules.find(([pattern]) => pattern.test(model))?.[1] ?? [];

/** The name that a tensor of the file would have here, by the names of known code lines. */
export const ourName = (name: string, model: string): string =>
  rulesOf(model).reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), name);

/**
 * What wraps a whole network, as DataParallel (`module.`), torch.compile (`_orig_mod.`) and a lab's own class do: the first
 * parts that all names share, to any depth.
 */
export function wrapperOf(names: Iterable<string>): string {
  const [first = [], ...rest] = [...names].map((name) => name.split("."));
  const longest = first.length - 2; // a layer's and a tensor's name remain
  let shared = 0;
  while (shared < longest && rest.every((parts) => parts[shared] === first[shared])) shared++;
  return first
    .slice(0, shared)
    .map((part) => `${part}.`)
    .join("");
}

/** How often something was counted while training: no part of the network's function. */
export const isCounter = (name: string): boolean => /(^|\.)num_batches_tracked$|^n_averaged$/.test(name);

/** Names as people count: `layer10` behind `layer9`. */
export const naturally = new Intl.Collator("en", { numeric: true }).compare;
