/**
 * Makes a fresh clone runnable: dependencies, the build, and what Debian or Ubuntu can add to it.
 * Plain Node without dependencies, since it runs before there are any. With nothing to do it takes a second.
 *
 *   node scripts/setup.mjs [--test]     --test adds what only work on the code needs: npm's
 *                                     devDependencies (checks, tests, benches) and a Chromium
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

const root = join(import.meta.dirname, "..");
const forTests = process.argv.includes("--test");
const wantsTorch = process.env.RELUCTANT_BACKEND !== "wasm";

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
if (wantsTorch) setUpTorch();
if (forTests && !["chromium", "google-chrome"].some(isOnPath)) {
  const problem = installWithApt(["chromium"]);
  if (problem)
    console.warn(`Browser tests will be skipped: no Chromium (${problem}). Install it: apt-get install chromium`);
}

function requireNode(major, minor) {
  const [ours, oursMinor] = process.versions.node.split(".").map(Number);
  if (ours > major || (ours === major && oursMinor >= minor)) return;
  stop(`Node ${process.versions.node} is too old: install Node ${major}.${minor} or later.`);
}

/** Where the home cannot be written, as in containers that run as any user, npm's cache and ours lie in var/. */
function useCachesThatCanBeWritten() {
  const home = homeOfUser();
  if (isAbsolute(home) && canWrite(join(home, ".cache/reluctant"))) return;
  process.env.npm_config_cache ??= join(root, "var/cache/npm");
  process.env.RELUCTANT_CACHE ||= join(root, "var/cache");
}

function homeOfUser() {
  try {
    return homedir();
  } catch {
    return ""; // a user that is in no list
  }
}

function canWrite(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
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
  const build = () => run(process.execPath, ["packages/tfjs-backend-torch/dist/build-cli.js"], { quiet: true });
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

/** Installs Debian packages as root or through sudo without a password; answers why not, or nothing when it did. */
function installWithApt(packages) {
  if (!isOnPath("apt-get")) return "there is no apt-get";
  const isRoot = process.getuid() === 0;
  if (!isRoot && run("sudo", ["-n", "true"], { quiet: true }).status !== 0) return "that needs root";
  const apt = (...args) => {
    const [program, ...rest] = [
      ...(isRoot ? [] : ["sudo", "-n"]),
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "apt-get",
      ...args,
    ];
    return run(program, rest, { quiet: true });
  };
  console.log(`Installing ${packages.join(", ")} …`);
  const install = () => apt("install", "--yes", "--no-install-recommends", ...packages);
  let result = install();
  if (result.status !== 0) {
    apt("update");
    result = install();
  }
  return result.status === 0 ? "" : `apt-get: ${result.output.trim().split("\n").at(-1)}`;
}

function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function mustRun(program, args, env) {
  const { status } = run(program, args, { env });
  if (status !== 0) stop(`Set-up stopped: \`${[program, ...args].join(" ")}\` failed.`);
}

function run(program, args, { env = {}, quiet = false }) {
  const result = spawnSync(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", ...(quiet ? ["pipe", "pipe"] : ["inherit", "inherit"])],
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  return {
    status: result.status,
    output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`,
  };
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
