import { describe, expect, it } from "vitest";
import { sliceBits, sliceStride, transposeColumns, unsliceBits } from "./bits.ts";
import { randomVector, randomWords } from "./random.ts";
import { transposeColumnsFast } from "./wasm-transpose.ts";

describe("bit slices", () => {
  it.each([1, 31, 32, 33, 100])("hold bit j of each of %i elements", (elements) => {
    const vector = randomVector(elements);
    const { words, stride } = sliceBits(vector, 37);
    expect([stride, words.length]).toEqual([sliceStride(elements), 37 * stride]);
    for (let bit = 0; bit < 37; bit++) {
      for (let i = 0; i < elements; i++) {
        const held = ((words[bit * stride + (i >> 5)] as number) >>> (i & 31)) & 1;
        expect(held).toBe(Number(((vector[i] as bigint) >> BigInt(bit)) & 1n));
      }
    }
  });

  it.each([1, 32, 77])("give back %i elements", (elements) => {
    const vector = randomVector(elements);
    expect(unsliceBits(sliceBits(vector, 64), elements)).toEqual(vector);
  });

  it("become rows: bit j of row i is bit i of column j", () => {
    const rows = 96;
    const columns = randomWords(128 * 3);
    const out = transposeColumns(columns, rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < 128; column++) {
        const inColumn = ((columns[3 * column + (row >> 5)] as number) >>> (row & 31)) & 1;
        const inRow = ((out[4 * row + (column >> 5)] as number) >>> (column & 31)) & 1;
        if (inRow !== inColumn) throw new Error(`row ${row}, column ${column}`);
      }
    }
    expect(out.length).toBe(4 * rows);
  });

  it.each([1, 2, 3, 4, 5, 40])("become the same rows in WebAssembly: %i words a column", (stride) => {
    const columns = randomWords(128 * stride);
    expect(transposeColumnsFast(columns, 32 * stride)).toEqual(transposeColumns(columns, 32 * stride));
  });
});
