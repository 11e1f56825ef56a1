import { describe, expect, it } from "vitest";
import { GateHash, maximumUnitsPerKey } from "./gate-hash.ts";
import { randomSeed, randomWords } from "./random.ts";

const name = { nonce: randomSeed(), layer: 1, chunk: 2 };
const shape = { ands: 3, units: 8 };
const hashed = (hash: GateHash, gate: number, half: 0 | 1, block: Int32Array) => {
  const out = block.slice();
  hash.apply(gate, half, out);
  return out.join();
};

describe("the gates' hash", () => {
  it("is one function for both parties", () => {
    const block = randomWords(4);
    expect(hashed(new GateHash(name, shape), 2, 1, block)).toBe(hashed(new GateHash(name, shape), 2, 1, block));
  });

  it("has a key of its own for each half of each gate of each chunk of each layer of each inference", () => {
    const block = randomWords(4);
    const names = [name, { ...name, layer: 2 }, { ...name, chunk: 3 }, { ...name, nonce: randomSeed() }];
    const hashes = names.flatMap((each) =>
      [0, 1, 2].flatMap((gate) =>
        ([0, 1] as const).map((half) => hashed(new GateHash(each, shape), gate, half, block)),
      ),
    );
    expect(new Set(hashes).size).toBe(4 * 3 * 2);
  });

  it("hashes equal blocks equally, wherever they lie in a batch", () => {
    const block = randomWords(4);
    const batch = Int32Array.of(...block, ...randomWords(4), ...block);
    new GateHash(name, shape).apply(0, 0, batch);
    expect(batch.subarray(8, 12)).toEqual(batch.subarray(0, 4));
    expect(batch.subarray(4, 8)).not.toEqual(batch.subarray(0, 4));
  });

  it("refuses more units a key than its bound allows", () => {
    expect(() => new GateHash(name, { ands: 1, units: maximumUnitsPerKey })).not.toThrow();
    expect(() => new GateHash(name, { ands: 1, units: maximumUnitsPerKey + 1 })).toThrow(
      "at most 16384 may share a key",
    );
  });
});
