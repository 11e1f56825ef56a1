import { catalog } from "./catalog.ts";

/**
 * Sensitivities η_α that SENet's authors published, one value a ReLU layer in the network's order, normalized to sum to 1.
 * They stand in the per-layer ReLU counts of the authors' released code (RLNet, CVPR-W 2024; CIFAR-100 and Tiny-ImageNet
 * lists), from which they were derived: a layer that its size does not clamp keeps a share proportional to η_α. From
 * ResNet-18's, `allocate` gives the authors' 100k list back within 0.3 % (method.md §3).
 */
export const publishedSensitivity = catalog<Record<string, readonly number[]>>({
  resnet18: [
    0.00572, 0.01854, 0.02129, 0.02506, 0.02758, 0.03549, 0.04884, 0.05102, 0.05568, 0.06739, 0.08143, 0.08277, 0.08623,
    0.0941, 0.09902, 0.09986, 0.1,
  ],
  resnet34: [
    0.00246, 0.00606, 0.00623, 0.00734, 0.00844, 0.00918, 0.01065, 0.01803, 0.00627, 0.01895, 0.02098, 0.02212, 0.02438,
    0.02521, 0.02745, 0.03769, 0.01762, 0.03865, 0.04091, 0.04176, 0.04386, 0.04427, 0.04589, 0.04589, 0.04712, 0.04712,
    0.04814, 0.04998, 0.0366, 0.05019, 0.05019, 0.05019, 0.05019,
  ],
  "wrn22-8": [
    0.00242, 0.01095, 0.02452, 0.03065, 0.03372, 0.03744, 0.04129, 0.04489, 0.05627, 0.06153, 0.06437, 0.067, 0.06941,
    0.07007, 0.07565, 0.07773, 0.07663, 0.07773, 0.07773,
  ],
  "vgg16-bn": [
    0.00675, 0.0243, 0.03172, 0.04455, 0.05737, 0.07762, 0.08437, 0.09956, 0.11137, 0.11475, 0.11475, 0.11644, 0.11644,
  ],
});
