import { resizedMiddle } from "@reluctant/relu";
import { expect, it } from "vitest";
import { atScale, croppedFirst, scaledFirst } from "./view.ts";

const image = { height: 1001, width: 803 };

it("halves a JPEG as often as its box stays as large as the output", () => {
  const at = (height: number, width: number) =>
    atScale(croppedFirst({ top: 0, left: 0, height, width }), image, 100).denominator;
  expect([at(199, 800), at(200, 200), at(399, 800), at(400, 500), at(800, 800)]).toEqual([1, 2, 2, 4, 8]);
});

it("lets the filter see each decoded pixel that the crop touches, and none outside the image", () => {
  const crop = { top: 11, left: 5, height: 990, width: 798 };
  expect(atScale(croppedFirst(crop), image, 300)).toEqual({
    denominator: 2,
    box: { top: 5.5, left: 2.5, height: 495, width: 399 },
    seen: { top: 5, left: 2, height: 496, width: 400 },
  });
});

it("takes the middle of a resized image as torchvision does, between its pixels", () => {
  const middle = resizedMiddle({ height: 375, width: 500 }, { resize: 256, crop: 224 }); // to 256 × 341, whose middle is 58.5
  expect(middle.top).toBeCloseTo((16 * 375) / 256, 12);
  expect(middle.left).toBeCloseTo((58 * 500) / 341, 12);
  expect([middle.height, middle.width]).toEqual([(224 * 375) / 256, (224 * 500) / 341]);
  expect(scaledFirst(middle, { height: 375, width: 500 }).seen).toEqual({ top: 0, left: 0, height: 375, width: 500 });
});
