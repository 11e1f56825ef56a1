/**
 * Makes a fresh clone runnable: dependencies, the build, and what Debian or Ubuntu can add to it.
 * Plain Node without dependencies, since it runs before there are any. With nothing to do it takes a second.
 *
 *   node scripts/setup.mjs [--test]     --test adds what only work on the code needs: npm's
 *                                     devDependencies (checks, tests, benches), a Chromium, a
 *                                     Python with PyTorch and TensorFlow, and its add-on, an S3 server
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installWithApt } from "./apt.mjs";
import { useCachesThatCanBeWritten } from "./caches.mjs";
import { root, run } from "./programs.mjs";
import { ensurePythonOfTests, packageOfTests } from "./python-environment.mjs";
import { ensureS3ServerOfTests } from "./s3-server.mjs";

const forTests = process.argv.includes("--test");
const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const backend = process.env.RELUCTANT_BACKEND;

requireNode(20, 19);
useCachesThatCanBeWritten();
if (!dependenciesAreInstalled()) {
  console.log("Installing the packages (npm ci, a minute or two) …");
  mustRun("npm", ["ci", ...(forTests ? [] : ["--omit=dev"]), "--no-audit", "--no-fund", "--loglevel=error"], {
    CHECKPOINT_DISABLE: "1",
  });
}
console.log("Building what has changed …");
mustRun(process.execPath, ["node_modules/turbo/bin/turbo", "run", "build", "--output-logs=errors-only"], {
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
});
if (!backend || backend === "torch") setUpTorch();
setUpPrivateInference();
if (backend === "tensorflow") {
  const problem = addTensorflow();
  if (problem) stop(`The tensorflow backend could not be added: ${problem}`);
}
if (forTests) {
  const problem = existsSync(chromiumPath) ? "" : installWithApt(["chromium"]);
  if (problem)
    console.warn(`Browser tests will fail: no Chromium at ${chromiumPath} (${problem}). CHROMIUM names another.`);
  const problemOfPython = await ensurePythonOfTests();
  if (problemOfPython)
    console.warn(
      `Tests against PyTorch will be skipped: ${problemOfPython}. PYTHON names a Python with torch, torchvision and numpy.`,
    );
  const tensorflow = process.env.LIBTENSORFLOW || packageOfTests("tensorflow");
  const problemOfTensorflow = tensorflow
    ? addTensorflow({ LIBTENSORFLOW: tensorflow })
    : "the Python of tests has none. LIBTENSORFLOW names the folder of another";
  if (problemOfTensorflow) console.warn(`Tests on TensorFlow will be skipped: ${problemOfTensorflow}`);
  const problemOfS3 = ensureS3ServerOfTests();
  if (problemOfS3) console.warn(`Tests on S3 will be skipped: ${problemOfS3}`);
}

function requireNode(major, minor) {
  const [ours, oursMinor] = process.versions.node.split(".").map(Number);
  if (ours > major || (ours === major && oursMinor >= minor)) return;
  stop(`Node ${process.versions.node} is too old: install Node ${major}.${minor} or later.`);
}

/** npm keeps a copy of the lock file for what it installed: any difference in a required package means `npm ci`. */
function dependenciesAreInstalled() {
  const installedLock = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedLock)) return false;
  const read = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const installed = read(installedLock);
  return Object.entries(read(join(root, "package-lock.json")))
    .filter(([path, entry]) => path.startsWith("node_modules/") && !entry.optional)
    .filter(([, entry]) => forTests || !(entry.dev || entry.devOptional))
    .every(([path, entry]) => installed[path]?.version === entry.version && existsSync(join(root, path)));
}

/** The addon's build answers 3 when the machine lacks libtorch or a compiler; Debian has both. */
function setUpTorch() {
  console.log("Looking for libtorch and its add-on, which is built once (a minute) …");
  const build = () => run(process.execPath, ["packages/training-ops/dist/build-cli.js"], { quiet: true });
  let { status, output } = build();
  let problem = "";
  if (status === 3) {
    problem = installWithApt(["libtorch-dev", "g++"]);
    if (!problem) ({ status, output } = build());
  }
  if (status === 0) return;
  if (status !== 3) stop(`The libtorch addon does not build; RELUCTANT_BACKEND=wasm does without it.\n${output}`);
  console.warn(`Training will use the slower wasm backend: ${output.trim()}`);
  if (problem) console.warn(`It could not be installed (${problem}). RELUCTANT_BACKEND=wasm skips this step.`);
}

/** Its kernels in C++ take a few seconds, once. Without them it computes in WebAssembly, and each measurement says so. */
function setUpPrivateInference() {
  const { status, output } = run(process.execPath, ["packages/pi/dist/build-cli.js"], { quiet: true });
  if (status !== 0) console.warn(`Private inference will compute in WebAssembly: ${output.trim()}`);
}

/** Answers why it could not, or nothing. */
function addTensorflow(env = {}) {
  console.log("Looking for TensorFlow and its add-on, which is built once (half a minute) …");
  const { status, output } = run(process.execPath, ["packages/tfjs-backend-tensorflow/dist/add-cli.js"], {
    env,
    quiet: true,
  });
  return status === 0 ? "" : output.trim();
}

function mustRun(program, args, env) {
  const { status } = run(program, args, { env });
  if (status !== 0) stop(`Set-up stopped: \`${[program, ...args].join(" ")}\` failed.`);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
