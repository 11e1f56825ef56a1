/** What may be skipped with `CI=true`: what this machine cannot have, and what the set-up does not bring yet. */
import { readFileSync } from "node:fs";

export const noBf16 = "no bfloat16 instructions, on this processor or at the level forced on it";

/** Whether a test may be skipped for that reason: one of the list, which holds here. */
export const isAllowedSkip = (reason, test) =>
  allowed.some((skip) => reason.startsWith(skip.reason) && skip.holds(test));

const allowed = [
  {
    reason: noBf16,
    holds: () => ["baseline", "avx2"].includes(process.env.TFJS_TORCH_CPU_LEVEL) || !processorHasBf16(),
  },
  {
    reason: "backend tensorflow: @tensorflow/tfjs-node-gpu is not installed",
    holds: (test) => onTensorflow().has(test),
  },
];

/** Asked of the processor itself: what the backend answers is what the tests are to check. */
function processorHasBf16() {
  return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
}

/** The set-up does not bring TensorFlow yet: these alone may want it, until it does. */
const onTensorflow = () => new Set(engineTests.map((name) => `the engine on tensorflow ${name}`));

const engineTests = [
  "builds resnet8, gives back its weights bit for bit, and classifies",
  "builds resnet18, gives back its weights bit for bit, and classifies",
  "builds resnet50, gives back its weights bit for bit, and classifies",
  "builds wrn22-8, gives back its weights bit for bit, and classifies",
  "builds vgg16-bn, gives back its weights bit for bit, and classifies",
  "takes a step of resnet8 with float64's losses and gradients",
  "takes a step of resnet18 with float64's losses and gradients",
  "takes a step of resnet50 with float64's losses and gradients",
  "takes a step of wrn22-8 with float64's losses and gradients",
  "takes a step of vgg16-bn with float64's losses and gradients",
  "computes cross-entropy and its gradients as float64 does",
  "computes divergence and its gradients as float64 does",
  "computes attention mismatch and its gradients as float64 does",
  "computes raw mismatch and its gradients as float64 does",
  "computes ReLU and its gradients as float64 does, layer by layer",
  "computes masks of channels and its gradients as float64 does, layer by layer",
  "computes polynomials and its gradients as float64 does, layer by layer",
  "computes soft masks and its gradients as float64 does, layer by layer",
  "computes scored masks and its gradients as float64 does, layer by layer",
  "computes losses of logits that are equal, and that are far apart",
  "has finite gradients where a student is dead: attention mismatch",
  "has finite gradients where a student is dead: raw mismatch",
  "is exactly linear in a unit that its mask drops, and rectifies the units it keeps",
  "crops, pads in black and flips each image on its own before it normalizes",
  "moves parameters by SGD with momentum and weight decay, and statistics by the batch's, unbiased",
  "moves parameters by Adam, and those of activations at their own rate",
  "scales gradients that together are longer than asked down to that length",
  "moves the student alone: no teacher, no mask, no polynomial",
  "changes nothing when the loss is not finite, and says so",
  "changes nothing when the gradient is not finite, and says so",
  "goes on from what it gave to be kept as if nothing had happened: SGD",
  "goes on from what it gave to be kept as if nothing had happened: Adam",
  "keeps pruned weights at zero while their momenta stay dense",
  "takes no step that was made before the first masks or the first pruning",
  "holds as many tensors after a step as before it",
  "refuses what does not fit, by name",
  "sums max(\u2212z, 0) of each unit over batches, from where it was told to begin",
  "scores a unit by how far the loss moves, to first order, when it loses its ReLU",
  "sums what leaves each unit over a batch, by running statistics, and changes nothing",
  "charges for every ReLU that is kept above the target, at the weight of the day",
  "reads a narrow network out as one that stands by itself",
  "sums a narrow network's loss with the wide one's, and moves shared filters and its own batch norms",
  "gives filters that only the wide network has no gradient from the narrow one",
  "ends with the same bytes and numbers after a stop and a resume, every test image counted once",
  "rejects within one step of an abort",
  "ends a run whose loss is not finite with the number of its step",
];
