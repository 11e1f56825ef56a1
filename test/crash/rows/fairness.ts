import type { Row } from "../row.ts";
import { runTests } from "../run-tests.ts";

/** A test holds it, on the real statements, with the clock as a parameter: 24 hours pass in seconds. */
export const fairness: Row = {
  name: "fairness",
  what: "two teams of weights 3 and 1, one floods with 10,000 runs, 24 simulated hours",
  takes: { seconds: 7, least: 7 },
  run: async () => runTests(["packages/control/src/team-shares.integration.test.ts", "-t", "in 24 hours two teams"]),
};
