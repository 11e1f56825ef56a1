import { transposeColumns } from "./bits.ts";
import { convolveByDefinition } from "./convolution.ts";
import { CorrelatedReceiver, CorrelatedSender, type Transpose } from "./correlated-ot.ts";
import { evaluate, garble } from "./garbling.ts";
import { hashRows } from "./gate-hash.ts";
import { portablePolynomials } from "./he/transform.ts";
import type { Kernels } from "./kernels.ts";
import { JavascriptKernels, type LabelKernels } from "./label-kernels.ts";
import { takeBits } from "./labels.ts";
import { type RandomTransferKernels, type RowKernels, randomTransfersBy } from "./random-transfers.ts";
import { convolve } from "./wasm-convolution.ts";
import { WasmKernels } from "./wasm-kernels.ts";
import { wasmPolynomials } from "./wasm-polynomials.ts";
import { transposeColumnsFast } from "./wasm-transpose.ts";

/** The oracle of all levels: as the definitions say, and slow. */
export const javascriptKernels = (): Kernels => ({
  ...garblingWith(new JavascriptKernels()),
  ...transfersWith(transposeColumns),
  level: "javascript",
  convolve: convolveByDefinition,
  polynomials: portablePolynomials,
});

/** What runs wherever Node does, with AES by node:crypto. */
export const wasmKernels = (): Kernels => ({
  ...garblingWith(new WasmKernels()),
  ...transfersWith(transposeColumnsFast),
  level: "wasm",
  convolve,
  polynomials: wasmPolynomials,
});

const garblingWith = (
  kernels: LabelKernels,
): Pick<Kernels, "threads" | "garble" | "evaluate" | "takeBits" | "close"> => ({
  threads: 1,
  garble: (chunk) => garble({ ...chunk, kernels }),
  evaluate: (chunk) => evaluate({ ...chunk, kernels }),
  takeBits,
  close: async () => undefined,
});

function transfersWith(transpose: Transpose): RowKernels & RandomTransferKernels {
  const rows: RowKernels = {
    sender: (delta, seeds, from) => new CorrelatedSender(delta, seeds, transpose, from),
    receiver: (seeds, from) => new CorrelatedReceiver(seeds, transpose, from),
    hashRows,
  };
  return { ...rows, ...randomTransfersBy(rows) };
}
