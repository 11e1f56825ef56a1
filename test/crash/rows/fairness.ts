import { spawnSync } from "node:child_process";
import type { Row } from "../row.ts";

/** A test holds it, on the real statements, with the clock as a parameter: 24 hours pass in seconds. */
export const fairness: Row = {
  name: "fairness",
  what: "two teams of weights 3 and 1, one floods with 10,000 runs, 24 simulated hours",
  run: async () => {
    const file = "packages/control/src/team-shares.integration.test.ts";
    const args = ["run", file, "-t", "in 24 hours two teams"];
    const { status, stdout } = spawnSync("node_modules/.bin/vitest", args, {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    const passed = Number(/Tests\s+(\d+) passed/.exec(stdout)?.[1] ?? 0);
    return [
      { what: "tests that hold it", value: passed, unit: "", atLeast: 1 },
      { what: "status of its run", value: status ?? -1, unit: "", atMost: 0 },
    ];
  },
};
