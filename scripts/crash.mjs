/** `npm run crash -- [flags]`: builds and runs test/crash/main.ts. */
import { useCachesThatCanBeWritten } from "./caches.mjs";
import { run } from "./programs.mjs";

useCachesThatCanBeWritten();
const bundle = ["test/crash/main.ts", "--bundle", "--platform=node", "--format=esm", "--packages=external"];
const steps = [
  () => run(process.execPath, ["scripts/setup.mjs", "--test"]),
  () => run("node_modules/.bin/esbuild", [...bundle, "--outfile=var/crash.mjs", "--log-level=warning"]),
  () => run(process.execPath, ["var/crash.mjs", ...process.argv.slice(2)]),
];
for (const step of steps) {
  const { status } = step();
  if (status === 0) continue;
  process.exitCode = status ?? 1;
  break;
}
