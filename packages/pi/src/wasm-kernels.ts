import { readFileSync } from "node:fs";
import type { AndPlaces, LabelKernels } from "./label-kernels.ts";

/** What `kernels/kernels.ts` exports. */
interface Exports {
  xor(out: number, a: number, b: number, units: number): void;
  xorConstant(out: number, a: number, label: number, units: number): void;
  orthomorphism(blocks: number, x: number, c: number, units: number): void;
  garbleAnd(
    hashesOfA: number,
    hashesOfB: number,
    table: number,
    a: number,
    b: number,
    c: number,
    out: number,
    delta: number,
    units: number,
  ): void;
  evaluateAnd(
    hashesOfA: number,
    hashesOfB: number,
    table: number,
    a: number,
    b: number,
    c: number,
    out: number,
    units: number,
  ): void;
}

/** Of the global that Node has and no library of TypeScript's but the browser's declares. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

const pageBytes = 65_536;

let compiled: object | undefined;
const compiledModule = (): object => {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../kernels/kernels.wasm", import.meta.url)));
  return compiled;
};

/** The kernels in WebAssembly, a label a 128-bit vector. */
export class WasmKernels implements LabelKernels {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #exports: Exports;

  constructor() {
    const instance = new WebAssembly.Instance(compiledModule(), { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as Exports;
  }

  reserve(bytes: number): ArrayBuffer {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    return this.#memory.buffer;
  }

  xor(out: number, a: number, b: number, units: number): void {
    this.#exports.xor(out, a, b, units);
  }

  xorConstant(out: number, a: number, label: number, units: number): void {
    this.#exports.xorConstant(out, a, label, units);
  }

  orthomorphism(blocks: number, x: number, c: number, units: number): void {
    this.#exports.orthomorphism(blocks, x, c, units);
  }

  garbleAnd({ hashesOfA, hashesOfB, table, a, b, c, out }: AndPlaces, delta: number, units: number): void {
    this.#exports.garbleAnd(hashesOfA, hashesOfB, table, a, b, c, out, delta, units);
  }

  evaluateAnd({ hashesOfA, hashesOfB, table, a, b, c, out }: AndPlaces, units: number): void {
    this.#exports.evaluateAnd(hashesOfA, hashesOfB, table, a, b, c, out, units);
  }
}
