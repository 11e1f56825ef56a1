import { labelBytes } from "./labels.ts";
import { WasmInstance } from "./wasm.ts";

const columnCount = 128;
const blockBytes = 32 * labelBytes;

let instance: WasmInstance | undefined;

/** `transposeColumns` of bits.ts, in WebAssembly. */
export function transposeColumnsFast(columns: Int32Array, rows: number): Int32Array {
  instance ??= new WasmInstance();
  const rowsAt = blockBytes;
  const columnsAt = rowsAt + rows * labelBytes;
  const memory = instance.reserve(columnsAt + columns.byteLength + labelBytes);
  new Int32Array(memory, columnsAt, columns.length).set(columns);
  instance.kernels.transposeColumns(rowsAt, columnsAt, columns.length / columnCount, 0);
  return new Int32Array(memory, rowsAt, 4 * rows).slice();
}
