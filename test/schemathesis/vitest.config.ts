import { defineConfig } from "vitest/config";

/** By itself, since it needs a tool that the set-up does not bring. */
export default defineConfig({
  test: { include: ["test/schemathesis/run.ts"], globalSetup: "test/global-setup.ts", testTimeout: 3_600_000 },
});
