import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ensureBuilt } from "./native-build.ts";

test("no function of the add-on touches what lies behind its arrays, at any level", async () => {
  await ensureBuilt();
  const program = fileURLToPath(new URL("../dist/test-guarded-process.js", import.meta.url));
  const { status, signal, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
});
