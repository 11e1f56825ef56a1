import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

const reasons = new Set<string>();
const whySkipped: Reporter = {
  onTestCaseResult(test) {
    const { skipped } = test.meta();
    if (skipped) reasons.add(skipped);
  },
  onTestRunEnd() {
    for (const reason of reasons) console.log(`skipped: ${reason}`);
  },
};

/** `npm run deploy:check`: minutes each, and what only other packages bring. One after the other, for two cores. */
export default defineConfig({
  test: {
    include: ["test/deploy/check/*.check.ts"],
    globalSetup: "test/global-setup.ts",
    reporters: ["default", whySkipped],
    fileParallelism: false,
    expect: { requireAssertions: true },
    testTimeout: 1_800_000, // an image is built in one
    hookTimeout: 1_800_000,
  },
});
