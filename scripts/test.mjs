/**
 * Every check there is: format and lint, types, tests. Ends with each reason for which tests were skipped, then the line
 * `N passed, N failed, N skipped`. With `CI=true` a skip that test/allowed-skips.mjs does not allow counts as failed.
 *
 *   npm test -- packages/relu      further arguments go to vitest
 *   npm test -- --level avx2       instead the tests of what computes, with a lower level of the processor's instructions
 *   npm test -- --pytorch          instead the tests of what computes, on the libtorch of the tests' PyTorch
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { isAllowedSkip } from "../test/allowed-skips.mjs";
import { useCachesThatCanBeWritten } from "./caches.mjs";
import { root } from "./programs.mjs";
import { packageOfTests } from "./python-environment.mjs";
import { tally } from "./test-report.mjs";

const results = join(root, "var/test-results.json");

/**
 * What computes with libtorch, or is held to numbers that it computed. Of TensorFlow there is one version, and no levels; what
 * is rehearsed of CUDA is the same at each.
 */
const computing = [
  "packages/tfjs-backend-torch",
  "packages/training-ops",
  "packages/engine",
  "test/golden",
  "test/conformance",
  "--exclude=packages/engine/src/tensorflow.test.ts",
  "--exclude=packages/training-ops/src/tensorflow/**",
  "--exclude=packages/training-ops/src/{cuda,nvrtc}.test.ts",
];

useCachesThatCanBeWritten();
const args = process.argv.slice(2);
const onPytorch = args[0] === "--pytorch";
const atLevel = args[0] === "--level";
if (atLevel) process.env.TFJS_TORCH_CPU_LEVEL = args[1];
const computed = atLevel ? args.slice(2) : onPytorch ? args.slice(1) : null;

let outcome = { passed: 0, failed: 1, skipped: 0, reasons: [], faults: ["the set-up"] };
if (node("scripts/setup.mjs", "--test") && (!onPytorch || usePytorch())) {
  const checked = computed ? [] : checks();
  outcome = runVitest(computed ? [...computing, ...computed] : args);
  const faults = (await Promise.all(checked)).flat();
  outcome.failed += faults.length;
  outcome.faults.unshift(...faults);
}
for (const fault of outcome.faults) console.log(`failed: ${fault}`);
for (const [reason, count] of outcome.reasons) console.log(`skipped, ${count}: ${reason}`);
console.log(`${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`);
process.exitCode = outcome.failed === 0 ? 0 : 1;

/** Whether the add-ons stand on the libtorch that the set-up has brought with the tests' PyTorch. */
function usePytorch() {
  process.env.LIBTORCH = packageOfTests("torch");
  return process.env.LIBTORCH !== undefined && node("packages/training-ops/dist/build-cli.js");
}

/** Each answers the name of what failed, if it did. Types are checked beside the tests: the compiler has work for one core alone. */
function checks() {
  const formatted = bin("biome", "check", "--error-on-warnings") ? [] : ["format and lint"];
  return [formatted, checkTypes()];
}

/** What the compiler found is printed behind the tests, where it is seen. */
async function checkTypes() {
  const compiler = spawn(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.tests.json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [found, [status]] = await Promise.all([text(compiler.stdout), once(compiler, "exit")]);
  process.stdout.write(found);
  return status === 0 ? [] : ["types"];
}

function runVitest(args) {
  mkdirSync(join(root, "var"), { recursive: true });
  rmSync(results, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const succeeded = bin("vitest", "run", ...reporters, ...args);
  if (!existsSync(results)) return { passed: 0, failed: 1, skipped: 0, reasons: [], faults: ["vitest"] };
  const partial = args.some((arg) => /^(-t|--testNamePattern)/.test(arg));
  const isAllowed = process.env.CI === "true" ? isAllowedSkip : () => true;
  const outcome = tally(JSON.parse(readFileSync(results, "utf8")), { partial, isAllowed });
  if (succeeded || outcome.failed > 0) return outcome;
  return { ...outcome, failed: 1, faults: ["vitest, and none of its tests: see above"] }; // an error outside of them
}

function node(script, ...args) {
  return spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" }).status === 0;
}

function bin(name, ...args) {
  return spawnSync(join(root, "node_modules/.bin", name), args, { cwd: root, stdio: "inherit" }).status === 0;
}
