/** Complex numbers and Fourier transforms. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { Kernels, Torch } from "../aten.ts";

/** A copy: a view would keep both parts alive. */
function part(torch: Torch, which: "real" | "imag", input: TensorInfo): TensorInfo {
  const { shape, dtype } = input;
  util.assert(dtype === "complex64", () => `${which} takes complex64 tensors, not ${dtype}`);
  return torch.tensor(torch.call("clone", torch.call(which, input)), shape, "float32");
}

export const complex: Kernels = {
  Complex: (torch, { real, imag }) => torch.tensor(torch.call("complex", real, imag), real.shape, "complex64"),
  Real: (torch, { input }) => part(torch, "real", input),
  Imag: (torch, { input }) => part(torch, "imag", input),
  ComplexAbs: (torch, { x }) => torch.tensor(torch.call("abs", x), x.shape, "float32"),
  FFT: (torch, { input }) => torch.tensor(torch.call("fft_fft", input), input.shape, "complex64"),
  IFFT: (torch, { input }) => torch.tensor(torch.call("fft_ifft", input), input.shape, "complex64"),
};
