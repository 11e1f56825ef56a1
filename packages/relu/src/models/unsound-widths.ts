import { models } from "./catalog.ts";
import { type Model, nodesOf } from "./model.ts";

/** The least width at which a network has no 1×1 filter with stride over fewer channels than these; 0 where it has none. */
export const leastWidthOf = (model: Model, channels: number): number =>
  Math.max(
    0,
    ...nodesOf(model, "conv")
      .filter(({ kernel, stride }) => kernel === 1 && stride > 1)
      .map(({ channelsIn }) => channels / channelsIn),
  );

/**
 * The least widths at which each model was sound, for the image size that asks most. Until it was avoided, oneDNN's gradient
 * of a 1×1 filter with stride wrote behind its buffer over fewer than 8 channels on processors with AVX2, and over fewer
 * than 16 on those with AVX-512 where several threads took it. No network of full width has so few.
 */
export const leastSoundWidths = (): { model: string; byOneThread: number; byMore: number }[] =>
  Object.entries(models).map(([model, { build, sides }]) => {
    const built = sides.map((side) => build([side, side, 3], 10));
    const least = (channels: number) => Math.max(...built.map((each) => leastWidthOf(each, channels)));
    return { model, byOneThread: least(8), byMore: least(16) };
  });
