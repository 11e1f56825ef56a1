import type { Activation } from "@reluctant/stages";
import type { LayerActivation } from "./activation.ts";
import { PolynomialActivation } from "./polynomial.ts";
import { ScoredMask } from "./scored-mask.ts";
import { SoftMask } from "./soft-mask.ts";

export type { ChannelMoments, LayerActivation } from "./activation.ts";

/** Puts on the device what a ReLU layer of that shape computes. */
export function layerActivation(
  activation: Exclude<Activation, { kind: "masked-relu" }>,
  shape: readonly [number, number, number],
): LayerActivation {
  switch (activation.kind) {
    case "polynomial":
      return new PolynomialActivation(shape, activation);
    case "soft-mask":
      return new SoftMask(shape);
    case "scored-mask":
      return new ScoredMask(shape, activation);
  }
}
