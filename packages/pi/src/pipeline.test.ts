import { expect, it } from "vitest";
import { Pipeline } from "./pipeline.ts";

it("a pipeline hands on in order what ends in any, and holds as many as it is deep", async () => {
  const handed: number[] = [];
  const pipeline = new Pipeline<number>(2, (result) => void handed.push(result));
  const ends: ((result: number) => void)[] = [];
  const begun = () => new Promise<number>((resolve) => ends.push(resolve));
  await pipeline.add(begun());
  const second = pipeline.add(begun());
  ends[1]?.(2);
  expect(handed).toEqual([]);
  ends[0]?.(1);
  await second;
  expect(handed).toEqual([1]);
  await pipeline.drain();
  expect(handed).toEqual([1, 2]);
});

it("a pipeline fails with what it holds", async () => {
  const pipeline = new Pipeline<number>(2, () => undefined);
  await pipeline.add(Promise.reject(new Error("no such label")));
  await expect(pipeline.drain()).rejects.toThrow("no such label");
});
