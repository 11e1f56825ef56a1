import { spawnSync } from "node:child_process";
import type { Measure } from "./row.ts";

/** Runs tests of vitest, and fails with them. */
export function runTests(args: readonly string[], env: NodeJS.ProcessEnv = {}): Measure[] {
  const { status, stdout, stderr } = spawnSync("node_modules/.bin/vitest", ["run", ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  if (status !== 0) process.stderr.write(`${stdout}${stderr}`.slice(-8_000));
  const counted = (what: string) => Number(new RegExp(`Tests .*?(\\d+) ${what}`).exec(stdout)?.[1] ?? 0);
  return [
    { what: "tests passed", value: counted("passed"), unit: "", atLeast: 1 },
    { what: "status of their run", value: status ?? -1, unit: "", atMost: 0, atLeast: 0 },
  ];
}
