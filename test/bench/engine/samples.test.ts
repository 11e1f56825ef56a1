import { normals } from "@reluctant/relu";
import { expect, it } from "vitest";
import { medianRatio } from "./samples.ts";

/** Times of two sides, of which the slower takes 1.3 times as long, in rounds that are disturbed together. */
const rounds = (count: number) => {
  const [together, alone] = [1, 2].map((seed) => normals(2 * count, { seed, stream: 1 }));
  const times = (side: 0 | 1, scale: number) =>
    Array.from(
      { length: count },
      (_, round) =>
        scale * Math.exp(0.2 * (together?.[round] as number) + 0.02 * (alone?.[2 * round + side] as number)),
    );
  return [times(0, 1.3), times(1, 1)] as const;
};

it("holds the true ratio within its interval, which narrows with the rounds", () => {
  const widths = [10, 100].map((count) => {
    const { ratio, interval } = medianRatio(...rounds(count));
    expect(ratio).toBeCloseTo(1.3, 1);
    expect(interval[0]).toBeLessThan(1.3);
    expect(interval[1]).toBeGreaterThan(1.3);
    return interval[1] - interval[0];
  });
  expect(widths[1]).toBeLessThan((widths[0] as number) / 2);
});

it("is exact where every round is the same", () => {
  expect(medianRatio([3, 3, 3], [2, 2, 2])).toEqual({ ratio: 1.5, interval: [1.5, 1.5] });
});
