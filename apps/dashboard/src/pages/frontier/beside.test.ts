import { expect, it } from "vitest";
import { beside } from "./beside.ts";

const plot = { width: 1_100, height: 460 };

it.each([
  ["a point at the upper left", { x: 100, y: 60 }, { left: 114, top: 40 }],
  ["a point at the top", { x: 100, y: 10 }, { left: 114, top: 0 }],
  ["a point at the lower right", { x: 1_000, y: 400 }, { right: 114, bottom: 40 }],
])("a card stands beside %s, where there is room", (_, at, place) => {
  expect(beside({ ...plot, ...at })).toEqual(place);
});

it.each([
  ["under", { x: 20, y: 100 }, { left: 0, right: 0, top: 114 }],
  ["over", { x: 340, y: 400 }, { left: 0, right: 0, bottom: 74 }],
])("in a narrow plot it is as wide as that, %s the point", (_, at, place) => {
  expect(beside({ ...plot, width: 358, ...at })).toEqual(place);
});
