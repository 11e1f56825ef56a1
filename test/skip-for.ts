import type { TestOptions } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** Why the test is skipped on this machine. */
    skipped?: string;
  }
}

/**
 * Options of a `describe` or `it` that is skipped where there is a reason, and says it: `npm test` counts the skipped by
 * reason, and with `CI=true` fails for one that `test/allowed-skips.mjs` does not allow.
 */
export const skipFor = (reason: string | null | undefined): Pick<TestOptions, "skip" | "meta"> =>
  reason ? { skip: true, meta: { skipped: reason } } : {};
