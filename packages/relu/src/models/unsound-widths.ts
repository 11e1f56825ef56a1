import { models } from "./catalog.ts";
import { type Model, nodesOf } from "./model.ts";

/**
 * Until this was avoided, oneDNN wrote behind its buffer on processors with AVX2 and no AVX-512 when it took the gradient of
 * a 1×1 filter with stride over fewer channels than this. Only narrowed networks have such filters.
 */
const soundChannels = 8;

/** The least width at which a network has no such filter; 0 where it never has one. */
export const leastSoundWidth = (model: Model): number =>
  Math.max(
    0,
    ...nodesOf(model, "conv")
      .filter(({ kernel, stride }) => kernel === 1 && stride > 1)
      .map(({ channelsIn }) => soundChannels / channelsIn),
  );

/** The same for every model, for the image size that asks most. */
export const leastSoundWidths = (): { model: string; width: number }[] =>
  Object.entries(models).map(([model, { build, sides }]) => ({
    model,
    width: Math.max(...sides.map((side) => leastSoundWidth(build([side, side, 3], 10)))),
  }));
