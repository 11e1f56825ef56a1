import type { AndPlaces, LabelKernels } from "./label-kernels.ts";
import { WasmInstance } from "./wasm.ts";

/** The kernels in WebAssembly, a label a 128-bit vector. */
export class WasmKernels implements LabelKernels {
  readonly #instance = new WasmInstance();

  reserve(bytes: number): ArrayBuffer {
    return this.#instance.reserve(bytes);
  }

  xor(out: number, a: number, b: number, units: number): void {
    this.#instance.kernels.xor(out, a, b, units);
  }

  xorConstant(out: number, a: number, label: number, units: number): void {
    this.#instance.kernels.xorConstant(out, a, label, units);
  }

  orthomorphism(blocks: number, x: number, c: number, units: number): void {
    this.#instance.kernels.orthomorphism(blocks, x, c, units);
  }

  garbleAnd({ hashesOfA, hashesOfB, table, a, b, c, out }: AndPlaces, delta: number, units: number): void {
    this.#instance.kernels.garbleAnd(hashesOfA, hashesOfB, table, a, b, c, out, delta, units);
  }

  evaluateAnd({ hashesOfA, hashesOfB, table, a, b, c, out }: AndPlaces, units: number): void {
    this.#instance.kernels.evaluateAnd(hashesOfA, hashesOfB, table, a, b, c, out, units);
  }
}
