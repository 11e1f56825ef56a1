import { readFileSync } from "node:fs";

/** What `kernels/index.ts` exports: numbers are byte offsets and counts. */
export interface KernelExports {
  xor(out: number, a: number, b: number, units: number): void;
  xorConstant(out: number, a: number, label: number, units: number): void;
  blocks(blocksOfA: number, blocksOfB: number, a: number, b: number, c: number, units: number): void;
  blocksOfBoth(out: number, x: number, c: number, delta: number, units: number): void;
  garbleAnd(...places: number[]): void;
  evaluateAnd(...places: number[]): void;
  colors(out: number, wire: number, units: number): void;
  transposeColumns(rows: number, columns: number, stride: number, block: number): void;
  multiplyPatches(
    low: number,
    high: number,
    filters: number,
    out: number,
    length: number,
    columns: number,
    channels: number,
  ): void;
  forward(x: number, roots: number, quotients: number, prime: number, degree: number): void;
  inverse(...places: number[]): void;
  multiplyAdd(sum: number, a: number, b: number, prime: number, degree: number, barrett: number): void;
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

/** The compiled kernels over a memory of their own. */
export class WasmInstance {
  readonly kernels: KernelExports;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });

  constructor() {
    const { exports } = new WebAssembly.Instance(compiledModule(), { env: { memory: this.#memory } });
    this.kernels = exports as KernelExports;
  }

  /** The memory, of at least so many bytes. Growing it makes earlier views of it useless. */
  reserve(bytes: number): ArrayBuffer {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    return this.#memory.buffer;
  }
}
