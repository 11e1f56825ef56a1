/**
 * Every check there is: format and lint, types, tests. Ends with the line `N passed, N failed`.
 * Further arguments go to vitest: `npm test -- packages/relu`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const results = join(root, "var/test-results.json");

let passed = 0;
let failed = 0;
if (node("scripts/setup.mjs", "--test")) {
  const checks = [bin("biome", "check", "--error-on-warnings"), bin("tsc", "-p", "tsconfig.tests.json")];
  for (const succeeded of checks) if (!succeeded) failed += 1;
  runVitest();
} else {
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function runVitest() {
  mkdirSync(join(root, "var"), { recursive: true });
  rmSync(results, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const succeeded = bin("vitest", "run", ...reporters, ...process.argv.slice(2));
  const before = failed;
  if (existsSync(results)) {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(results, "utf8"));
    const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
    passed += numPassedTests;
    failed += numFailedTests + broken.length; // a file that does not even load has no tests to fail
  }
  if (!succeeded && failed === before) failed += 1;
}

function node(script, ...args) {
  return spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" }).status === 0;
}

function bin(name, ...args) {
  return spawnSync(join(root, "node_modules/.bin", name), args, { cwd: root, stdio: "inherit" }).status === 0;
}
