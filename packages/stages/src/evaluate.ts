import type { Split, StageContext } from "./context.ts";
import type { Network } from "./engine.ts";
import { Prefetcher } from "./prefetcher.ts";

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
  const count = Math.ceil(size / batchSize);
  const batches = new Prefetcher(
    (number) => {
      const first = number * batchSize;
      return data.batch(
        split,
        Uint32Array.from({ length: Math.min(batchSize, size - first) }, (_, i) => first + i),
      );
    },
    { depth: 1, end: count },
  );
  let correct = 0;
  for (let number = 0; number < count; number++) {
    signal.throwIfAborted();
    correct += await network.countCorrect(await batches.take(number));
  }
  return size === 0 ? 0 : correct / size;
}
