/** Complex numbers and Fourier transforms. */
import type { Kernels } from "../aten.ts";

export const complex: Kernels = {
  Complex: (torch, { real, imag }) => torch.tensor(torch.call("complex", real, imag), real.shape, "complex64"),
  // copies: a view would keep both parts alive
  Real: (torch, { input }) => torch.tensor(torch.call("clone", torch.call("real", input)), input.shape, "float32"),
  Imag: (torch, { input }) => torch.tensor(torch.call("clone", torch.call("imag", input)), input.shape, "float32"),
  ComplexAbs: (torch, { x }) => torch.tensor(torch.call("abs", x), x.shape, "float32"),
  FFT: (torch, { input }) => torch.tensor(torch.call("fft_fft", input), input.shape, "complex64"),
  IFFT: (torch, { input }) => torch.tensor(torch.call("fft_ifft", input), input.shape, "complex64"),
};
