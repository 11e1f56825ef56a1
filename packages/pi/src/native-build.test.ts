import { dirname } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ensureBuilt, findAddon } from "./native-build.ts";

const built = await ensureBuilt();
afterEach(() => {
  vi.unstubAllEnvs();
});

test("kernels that an image brings are found beside an empty cache", () => {
  vi.stubEnv("RELUCTANT_CACHE", "/nowhere");
  expect(findAddon()).toBeUndefined();
  if ("path" in built) vi.stubEnv("RELUCTANT_PI_CACHE", dirname(dirname(built.path)));
  expect(findAddon()).toBe("path" in built ? built.path : undefined);
});
