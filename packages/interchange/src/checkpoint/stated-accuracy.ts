/** What training scripts call the accuracy that they keep beside a network. */
const names = /^(best_?|val_?|test_?)*(acc|acc1|accuracy|top1|prec1|acc_?top1)$/i;

/** An accuracy that stands beside the state dict, in [0, 1]; null where there is none that we know. Above 1 it is percent. */
export function statedAccuracy(root: unknown): number | null {
  if (!(root instanceof Map)) return null;
  for (const [name, value] of root) {
    if (typeof name !== "string" || !names.test(name) || typeof value !== "number") continue;
    if (value > 0 && value <= 1) return value;
    if (value > 1 && value <= 100) return value / 100;
  }
  return null;
}
