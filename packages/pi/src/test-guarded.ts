import type { NativeFunctions } from "./native-addon.ts";
import { WasmInstance } from "./wasm.ts";

type Argument = Int32Array | Uint8Array | BigInt64Array | readonly Int32Array[] | number;

/**
 * A level's functions on arrays that end where pages without access begin: what reads or writes behind one ends the process.
 * Such memory is a WebAssembly's, behind which V8 keeps room that nothing may touch. Tests only, as all of this file.
 */
export function guarded(native: NativeFunctions): NativeFunctions {
  const on = (call: (...given: Argument[]) => void) => {
    const memories: WasmInstance[] = [];
    return (...given: Argument[]) => {
      let used = 0;
      const placed = new Map<ArrayBufferView, Exclude<Argument, number>>();
      const atEnd = <T extends Int32Array | Uint8Array | BigInt64Array>(array: T): T => {
        memories[used] ??= new WasmInstance();
        const memory = (memories[used++] as WasmInstance).reserve(array.byteLength);
        const View = [Int32Array, BigInt64Array].find((each) => array instanceof each) ?? Uint8Array; // a Buffer is one, too
        const copy = new View(memory, memory.byteLength - array.byteLength, array.length) as T;
        copy.set(array as never);
        placed.set(array, copy);
        return copy;
      };
      call(
        ...given.map((each): Argument => {
          if (typeof each === "number") return each;
          return Array.isArray(each) ? each.map((one: Int32Array) => atEnd(one)) : atEnd(each as Int32Array);
        }),
      );
      for (const [array, copy] of placed) (array as Int32Array).set(copy as Int32Array);
    };
  };
  const functions = Object.entries(native).map(([name, call]) => [name, on(call)]);
  return Object.fromEntries(functions) as NativeFunctions;
}
