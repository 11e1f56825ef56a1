import { describe, expect, it } from "vitest";
import { randomVector } from "./random.ts";
import { add, bytesOf, decode, encode, fractionBits, shiftRight, subtract, vectorOf } from "./ring.ts";

const largest = 2n ** 63n - 1n;
const least = -(2n ** 63n);

describe("the ring", () => {
  it("rounds real numbers to the nearest multiple of 2^-12, and gives them back", () => {
    const values = [0, 1, -1, 0.5, -2.75, 1 / 4096, 1234.5];
    expect([...decode(encode(values))]).toEqual(values);
    expect(encode([1 / 3])[0]).toBe(BigInt(Math.round(2 ** fractionBits / 3)));
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 41]])("takes no %d", (value) => {
    expect(() => encode([0, value])).toThrow("value 1 is");
  });

  it("adds and subtracts modulo 2^64", () => {
    const [a, b] = [BigInt64Array.of(largest, least, 5n), BigInt64Array.of(1n, -1n, -7n)];
    expect([...add(a, b)]).toEqual([least, largest, -2n]);
    expect([...subtract(a, b)]).toEqual([largest - 1n, least + 1n, 12n]);
    expect(() => add(a, new BigInt64Array(2))).toThrow("vectors of 3 and 2 elements");
  });

  it("shifts towards the floor", () => {
    expect([...shiftRight(BigInt64Array.of(5n, -5n, least), 1)]).toEqual([2n, -3n, least / 2n]);
    const values = BigInt64Array.of(0n, 1n, -1n, largest, least, ...randomVector(20));
    for (const bits of [0, 12, 31, 32, 33, 63]) {
      expect([...shiftRight(values, bits)]).toEqual([...values].map((value) => value >> BigInt(bits)));
    }
  });

  it("sends bytes that are the same vector", () => {
    const vector = randomVector(100);
    expect(vectorOf(bytesOf(vector).slice())).toEqual(vector);
  });
});
