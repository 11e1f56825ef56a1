import { engineOf } from "@reluctant/testkit";
import { expect, test } from "vitest";
import { engineLeft, environmentOf, isSameEngine } from "./engine.ts";

const attempt = { attemptId: "a1", epoch: 1 };

test.each([
  ["another GPU", { device: "cuda", memoryBytes: 8e9 }, { device: "cuda", memoryBytes: 4e9 }, false],
  ["no GPU any more", { device: "cuda", memoryBytes: 8e9 }, { device: "cpu", memoryBytes: 8e9 }, false],
  ["another libtorch", { versions: { torch: "2.9" } }, { versions: { torch: "2.10" } }, false],
  ["more memory for a processor", { device: "cpu x", memoryBytes: 8e9 }, { device: "cpu x", memoryBytes: 9e9 }, true],
])("whether it is the same engine: %s", (_, one, other, same) => {
  expect(isSameEngine(engineOf(one), engineOf(other))).toBe(same);
});

test("an engine that was left is gone on with only where nothing is asked otherwise", () => {
  const env = { CUDA_VISIBLE_DEVICES: "1", RELUCTANT_THREADS: "2", DATABASE_URL: "postgres://one" };
  const left = { attempt, engine: { info: engineOf(), environment: environmentOf(env) } };
  expect(engineLeft(left, environmentOf({ ...env, DATABASE_URL: "postgres://two" }))).toEqual(engineOf());
  expect(engineLeft(left, environmentOf({ ...env, CUDA_VISIBLE_DEVICES: "0" }))).toBeNull();
  expect(engineLeft(left, environmentOf({ ...env, RELUCTANT_BACKEND: "wasm" }))).toBeNull();
  expect(engineLeft({ attempt, engine: null }, environmentOf(env))).toBeNull();
  expect(engineLeft(null, environmentOf(env))).toBeNull();
});
