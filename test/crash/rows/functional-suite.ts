import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Row } from "../row.ts";
import { runTests } from "../run-tests.ts";

/** Of the API over HTTP, and of the commands behind it. */
const files = [
  "test/e2e/api.test.ts",
  "test/e2e/sub-resources.test.ts",
  "packages/control/src/life-of-an-experiment.integration.test.ts",
  "packages/control/src/submit-and-cancel.integration.test.ts",
  "packages/control/src/ownership.integration.test.ts",
];

/** The queues' pages show Redis itself, and say so when it does not answer. */
const butQueues = ["-t", "^(?!the queues' pages)"];

export const functionalSuite: Row = {
  name: "functional-suite",
  what: "the API's tests and those of its commands, with 2 % of the calls of Postgres and Redis failing in every process",
  takes: { seconds: 19, least: 19 },
  run: async () =>
    runTests([...files, ...butQueues], {
      NODE_OPTIONS: `--import ${pathToFileURL(resolve("test/crash/inject.mjs")).href}`,
    }),
};
