import { describe, expect, test } from "vitest";
import { brushedRegion, nearest } from "./brush.ts";

describe("pointing at the plot", () => {
  const scales = { x: (pixel: number) => pixel * 10, y: (pixel: number) => 1 - pixel / 100 };

  test("a drag in any direction marks the same region, and a click marks none", () => {
    const region = { x: [100, 400], y: [0.5, 0.9] };
    expect(brushedRegion({ x1: 10, y1: 10, x2: 40, y2: 50 }, scales)).toEqual(region);
    expect(brushedRegion({ x1: 40, y1: 50, x2: 10, y2: 10 }, scales)).toEqual(region);
    expect(brushedRegion({ x1: 10, y1: 10, x2: 12, y2: 60 }, scales)).toBeNull();
  });

  test("the nearest point within reach is meant", () => {
    const places = [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ];
    expect(nearest(places, 7, 1, 24)).toBe(places[1]);
    expect(nearest(places, 100, 100, 24)).toBeNull();
  });
});
