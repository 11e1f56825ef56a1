import { expect, it } from "vitest";
import { Pipeline } from "./pipeline.ts";

it("a pipeline hands on in order what ends in any, and holds as many as it is deep", async () => {
  const events: (number | "room")[] = [];
  const pipeline = new Pipeline<number>(2, (result) => void events.push(result));
  const ends: ((result: number) => void)[] = [];
  const begun = () => new Promise<number>((resolve) => ends.push(resolve));
  await pipeline.add(begun());
  const second = pipeline.add(begun()).then(() => void events.push("room"));
  ends[1]?.(2);
  await new Promise(setImmediate);
  expect(events).toEqual([]);
  ends[0]?.(1);
  await Promise.all([second, pipeline.drain()]);
  expect(events.filter((event) => event !== "room")).toEqual([1, 2]);
  expect(events.indexOf("room")).toBeGreaterThan(0);
});

it("a pipeline hands on what has ended without waiting for more", async () => {
  const handedOn = new Promise<number>((resolve) => {
    void new Pipeline<number>(4, resolve).add(7);
  });
  expect(await handedOn).toBe(7);
});

it("a pipeline fails with what it holds", async () => {
  const pipeline = new Pipeline<number>(2, () => undefined);
  await pipeline.add(Promise.reject(new Error("no such label")));
  await expect(pipeline.drain()).rejects.toThrow("no such label");
});
