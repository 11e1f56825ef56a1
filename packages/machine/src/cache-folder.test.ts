import { expect, test } from "vitest";
import { backendCaches } from "./cache-folder.ts";

test("what backends build lies in the cache, unless a variable of their own names another folder", () => {
  expect(backendCaches({ TFJS_TORCH_CACHE: "/builds" }, "/some/where")).toEqual({
    TFJS_TORCH_CACHE: "/builds",
    TFJS_TENSORFLOW_CACHE: "/some/where/tfjs-backend-tensorflow",
  });
});
