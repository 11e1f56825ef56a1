/** The end of TensorFlow.js' fused kernels: bias and activation. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

interface Operands {
  bias?: TensorInfo;
  preluActivationWeights?: TensorInfo;
}

interface Attrs {
  activation?: string;
  leakyreluAlpha?: number;
  dataFormat?: "NHWC" | "NCHW";
}

export const prelu = (torch: Torch, x: Slot, alpha: Slot): Slot =>
  torch.call("where.self", torch.call("ge.Scalar", x, 0), x, torch.call("mul.Tensor", x, alpha));

/** In NCHW a vector belongs to the channels. */
function alongChannels(torch: Torch, v: TensorInfo, { dataFormat }: Attrs): Slot {
  const perChannel = dataFormat === "NCHW" && v.shape.length === 1;
  return perChannel ? torch.call("reshape", v, [v.shape[0] as number, 1, 1]) : torch.backend.slotOf(v);
}

export function epilogue(torch: Torch, x: Slot, { bias, preluActivationWeights }: Operands, attrs: Attrs): Slot {
  const y = bias ? torch.call("add.Tensor", x, torch.like(alongChannels(torch, bias, attrs), x)) : x;
  switch (attrs.activation ?? "linear") {
    case "linear":
      return y;
    case "relu":
      return torch.call("relu", y);
    case "relu6":
      return torch.call("hardtanh", y, 0, 6);
    case "elu":
      return torch.call("elu", y);
    case "sigmoid":
      return torch.call("sigmoid", y);
    case "leakyrelu":
      return torch.call("leaky_relu", y, attrs.leakyreluAlpha);
    case "prelu":
      if (!preluActivationWeights) throw new Error("activation prelu needs preluActivationWeights");
      return prelu(torch, y, alongChannels(torch, preluActivationWeights, attrs));
    default:
      throw new Error(`the torch backend has no fused activation ${attrs.activation}`);
  }
}
