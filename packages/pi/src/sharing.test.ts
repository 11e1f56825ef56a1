import { describe, expect, it } from "vitest";
import { reciprocalBits } from "./average-pool.ts";
import { randomVector } from "./random.ts";
import { fractionBits, negate, shiftRight, subtract, weightBits } from "./ring.ts";
import { reconstruct, share, truncateClientShare, truncateServerShare } from "./sharing.ts";

const truncated = (value: BigInt64Array, client: BigInt64Array, bits: number) =>
  reconstruct({
    client: truncateClientShare(client, bits),
    server: truncateServerShare(subtract(value, client), bits),
  });

describe("additive shares", () => {
  it("sum to the value, and differ from one sharing to the next", () => {
    const value = BigInt64Array.from({ length: 100 }, (_, i) => BigInt(i - 50));
    const [first, second] = [share(value), share(value)];
    expect(reconstruct(first)).toEqual(value);
    expect(reconstruct(second)).toEqual(value);
    expect(first.client).not.toEqual(second.client);
  });

  describe.each([fractionBits, weightBits, reciprocalBits])("truncated by %d bits", (bits) => {
    it("are the floor or one above it, on a million values below 2^36, and right on average", () => {
      const value = shiftRight(randomVector(1_000_000), 28);
      const out = truncated(value, randomVector(value.length), bits);
      const exact = shiftRight(value, bits);
      const above = out.map((result, i) => result - (exact[i] as bigint));
      expect([...new Set(above)].sort()).toEqual([0n, 1n]);
      const due = value.reduce((sum, x) => sum + BigInt.asUintN(bits, x), 0n);
      const found = Number(above.reduce((sum, one) => sum + one, 0n));
      expect(Math.abs(found - Number(due) / 2 ** bits)).toBeLessThan(3_500); // seven deviations, which are at most 500
    });
  });

  it.each([0n, 1n, -1n, 4095n, 4096n, -4096n, 2n ** 36n - 1n, -(2n ** 36n)])("are exact to one at %d", (x) => {
    const shares = [0n, 1n, -1n, 4095n, -4096n, 2n ** 62n, -(2n ** 62n), 12345678901234567n];
    const value = new BigInt64Array(shares.length).fill(x);
    const out = truncated(value, BigInt64Array.from(shares), 12);
    for (const result of out) expect([x >> 12n, (x >> 12n) + 1n]).toContain(result);
  });

  it("are truncated at the server to −⌊−share / 2^bits⌋, in the ring", () => {
    const edges = [0n, 1n, -1n, 4095n, -4096n, 2n ** 32n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n)];
    const shares = BigInt64Array.from([...edges, ...randomVector(1_000)]);
    for (const bits of [1, 12, 16, 31])
      expect(truncateServerShare(shares, bits)).toEqual(negate(shiftRight(negate(shares), bits)));
  });

  it("miss by 2^52 where the client's share is within |x| of the boundary: the documented chance", () => {
    const boundary = 2n ** 63n;
    const out = truncated(BigInt64Array.of(100n), BigInt64Array.of(boundary + 10n), 12);
    expect(out[0]).toBeLessThan(-(2n ** 51n));
  });
});
