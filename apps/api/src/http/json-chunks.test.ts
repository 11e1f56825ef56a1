import { expect, test } from "vitest";
import { isLongList, jsonChunks } from "./json-chunks.ts";

async function written(answer: object): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of jsonChunks(answer)) pieces.push(piece);
  return pieces;
}

test("pieces make up what JSON.stringify gives, and each is short", async () => {
  const item = { name: 'a "quoted" name', nothing: null, left: undefined, list: [1, [2]], at: new Date(0) };
  const answer = { version: "x", none: undefined, empty: [], items: Array(5_000).fill(item), next: null };
  const pieces = await written(answer);
  expect(pieces.join("")).toBe(JSON.stringify(answer));
  expect(pieces.length).toBeGreaterThan(5);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(70_000);
  expect(JSON.parse((await written({ none: undefined })).join(""))).toEqual({});
});

test("others get their turn between pieces", async () => {
  let turns = 0;
  const pieces = jsonChunks({ items: Array(5_000).fill("x".repeat(100)) });
  for await (const _ of pieces) setImmediate(() => turns++);
  expect(turns).toBeGreaterThan(5);
});

test("a page is no long answer", () => {
  expect(isLongList({ items: Array(200).fill(1), next: null })).toBe(false);
  expect(isLongList({ items: Array(201).fill(1), next: null })).toBe(true);
  expect(isLongList(null)).toBe(false);
});
