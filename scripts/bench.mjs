/** `npm run bench -- NAME [flags]`: builds and runs test/bench/main.ts. */

import { useCachesThatCanBeWritten } from "./caches.mjs";
import { run } from "./programs.mjs";
import { packageOfTests, pythonOfTests } from "./python-environment.mjs";

useCachesThatCanBeWritten();
const bundle = ["test/bench/main.ts", "--bundle", "--platform=node", "--format=esm", "--packages=external"];
const steps = [
  () => run(process.execPath, ["scripts/setup.mjs", "--test"]),
  () => run("node_modules/.bin/esbuild", [...bundle, "--outfile=var/bench.mjs", "--log-level=warning"]),
  () => run(process.execPath, ["var/bench.mjs", ...process.argv.slice(2)], { env: environment() }),
];
for (const step of steps) {
  const { status } = step();
  if (status === 0) continue;
  process.exitCode = status ?? 1;
  break;
}

function environment() {
  return { PYTHON: pythonOfTests(), LIBTENSORFLOW: process.env.LIBTENSORFLOW || packageOfTests("tensorflow") };
}
