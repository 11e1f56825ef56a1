import type { Split, StageContext } from "./context.ts";
import type { Network } from "./engine.ts";

/** Images per evaluation batch: an engine stays responsive, and no number depends on it. */
const batchSize = 250;

/** Accuracy over a split or its first images, the last partial batch included. An empty split scores 0. */
export async function evaluate(
  network: Network,
  { data, signal }: StageContext,
  split: Split,
  images = Number.POSITIVE_INFINITY,
): Promise<number> {
  const size = Math.min(images, data.size(split));
  let correct = 0;
  for (let first = 0; first < size; first += batchSize) {
    signal.throwIfAborted();
    const indices = Uint32Array.from({ length: Math.min(batchSize, size - first) }, (_, i) => first + i);
    correct += await network.countCorrect(data.batch(split, indices));
  }
  return size === 0 ? 0 : correct / size;
}
