import { describe, expect, it } from "vitest";
import { GateHash, maximumUnitsPerKey } from "./gate-hash.ts";
import { randomSeed, randomWords } from "./random.ts";
import { kernelsHere } from "./test-levels.ts";

const all = await kernelsHere();
const [oracle] = all;
const name = { nonce: randomSeed(), layer: 1, chunk: 2 };
const shape = { ands: 3, units: 8 };
const bytesOf = (words: Int32Array) => new Uint8Array(words.buffer);
const hashed = (hash: GateHash, gate: number, half: 0 | 1, blocks: Int32Array) => {
  const out = new Int32Array(blocks.length);
  hash.encrypt(gate, half, bytesOf(blocks), bytesOf(out));
  return out;
};

describe("the gates' hash", () => {
  it("is one function for both parties", () => {
    const block = randomWords(4);
    expect(hashed(new GateHash(name, shape), 2, 1, block)).toEqual(hashed(new GateHash(name, shape), 2, 1, block));
  });

  it("has a key of its own for each half of each gate of each chunk of each layer of each inference", () => {
    const block = randomWords(4);
    const names = [name, { ...name, layer: 2 }, { ...name, chunk: 3 }, { ...name, nonce: randomSeed() }];
    const hashes = names.flatMap((each) =>
      [0, 1, 2].flatMap((gate) =>
        ([0, 1] as const).map((half) => hashed(new GateHash(each, shape), gate, half, block).join()),
      ),
    );
    expect(new Set(hashes).size).toBe(4 * 3 * 2);
  });

  it("hashes equal blocks equally, wherever they lie in a batch", () => {
    const block = randomWords(4);
    const batch = Int32Array.of(...block, ...randomWords(4), ...block);
    const out = hashed(new GateHash(name, shape), 0, 0, batch);
    expect(out.subarray(8, 12)).toEqual(out.subarray(0, 4));
    expect(out.subarray(4, 8)).not.toEqual(out.subarray(0, 4));
  });

  it.each(all)(
    "of rows is that of gates, at level $level, and the same as the oracle's where they are shifted",
    (kernels) => {
      const keys = new GateHash(name, shape).keys;
      const rows = randomWords(4 * 64 * 2 * shape.ands);
      const unshifted = kernels.hashRows(keys, rows, new Int32Array(4));
      const sigma = [0, 1]
        .map((w) => (rows[w] as number) ^ (rows[w + 2] as number))
        .concat(rows[0] as number, rows[1] as number);
      const encrypted = hashed(new GateHash(name, shape), 0, 0, Int32Array.from(sigma));
      expect(unshifted.subarray(0, 4)).toEqual(encrypted.map((word, w) => word ^ (sigma[w] as number)));
      const shift = randomWords(4);
      expect(kernels.hashRows(keys, rows, shift)).toEqual(oracle.hashRows(keys, rows, shift));
      expect(() => kernels.hashRows(keys.slice(0, 16), new Int32Array(4 * 32 * 1_024), shift)).toThrow("share a key");
    },
  );

  it("refuses more units a key than its bound allows", () => {
    expect(() => new GateHash(name, { ands: 1, units: maximumUnitsPerKey })).not.toThrow();
    expect(() => new GateHash(name, { ands: 1, units: maximumUnitsPerKey + 1 })).toThrow(
      "at most 16384 may share a key",
    );
  });
});
