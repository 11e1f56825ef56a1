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

  blocks({ blocksOfA, blocksOfB, a, b, c }: AndPlaces, units: number): void {
    this.#instance.kernels.blocks(blocksOfA, blocksOfB, a, b, c, units);
  }

  blocksOfBoth(out: number, x: number, c: number, delta: number, units: number): void {
    this.#instance.kernels.blocksOfBoth(out, x, c, delta, units);
  }

  garbleAnd(places: AndPlaces, delta: number, units: number): void {
    const { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, a, b, c, out } = places;
    const { kernels } = this.#instance;
    kernels.garbleAnd(blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, a, b, c, out, delta, units);
  }

  evaluateAnd(places: AndPlaces, units: number): void {
    const { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, a, b, c, out } = places;
    const { kernels } = this.#instance;
    kernels.evaluateAnd(blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, a, b, c, out, units);
  }

  colors(out: number, wire: number, units: number): void {
    this.#instance.kernels.colors(out, wire, units);
  }
}
