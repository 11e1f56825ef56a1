import { transposeColumns } from "./bits.ts";
import { convolveByDefinition } from "./convolution.ts";
import { CorrelatedReceiver, CorrelatedSender } from "./correlated-ot.ts";
import { evaluate, garble } from "./garbling.ts";
import { hashRows } from "./gate-hash.ts";
import { portablePolynomials } from "./he/transform.ts";
import type { Kernels } from "./kernels.ts";
import { JavascriptKernels, type LabelKernels } from "./label-kernels.ts";
import { takeBits } from "./labels.ts";
import { convolve } from "./wasm-convolution.ts";
import { WasmKernels } from "./wasm-kernels.ts";
import { wasmPolynomials } from "./wasm-polynomials.ts";
import { transposeColumnsFast } from "./wasm-transpose.ts";

/** The oracle of all levels: as the definitions say, and slow. */
export const javascriptKernels = (): Kernels => ({
  ...garblingWith(new JavascriptKernels()),
  level: "javascript",
  sender: (delta, seeds) => new CorrelatedSender(delta, seeds, transposeColumns),
  receiver: (seeds) => new CorrelatedReceiver(seeds, transposeColumns),
  convolve: convolveByDefinition,
  polynomials: portablePolynomials,
});

/** What runs wherever Node does, with AES by node:crypto. */
export const wasmKernels = (): Kernels => ({
  ...garblingWith(new WasmKernels()),
  level: "wasm",
  sender: (delta, seeds) => new CorrelatedSender(delta, seeds, transposeColumnsFast),
  receiver: (seeds) => new CorrelatedReceiver(seeds, transposeColumnsFast),
  convolve,
  polynomials: wasmPolynomials,
});

const garblingWith = (
  kernels: LabelKernels,
): Pick<Kernels, "threads" | "garble" | "evaluate" | "takeBits" | "hashRows" | "close"> => ({
  threads: 1,
  garble: (chunk) => garble({ ...chunk, kernels }),
  evaluate: (chunk) => evaluate({ ...chunk, kernels }),
  takeBits,
  hashRows,
  close: async () => undefined,
});
