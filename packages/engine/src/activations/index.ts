import type { Activation } from "@reluctant/stages";
import type { DeviceActivation } from "./activation.ts";
import { MaskedRelu } from "./masked-relu.ts";
import { PolynomialActivation } from "./polynomial.ts";
import { ScoredMask } from "./scored-mask.ts";
import { SoftMask } from "./soft-mask.ts";

export type { ChannelMoments, DeviceActivation } from "./activation.ts";
export { MaskedRelu } from "./masked-relu.ts";

/** Puts on the device what a ReLU layer of that shape computes. */
export function activationOnDevice(activation: Activation, shape: readonly [number, number, number]): DeviceActivation {
  switch (activation.kind) {
    case "masked-relu":
      return new MaskedRelu(shape, activation.mask);
    case "polynomial":
      return new PolynomialActivation(shape, activation);
    case "soft-mask":
      return new SoftMask(shape);
    case "scored-mask":
      return new ScoredMask(shape, activation);
  }
}
