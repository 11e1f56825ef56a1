/**
 * The Python of tests and benches: an environment with PyTorch, TensorFlow and what else test/python/requirements.txt names,
 * made once in `$RELUCTANT_CACHE` (default `~/.cache/reluctant`) for each list and each Python. `PYTHON` names another one
 * instead. Workers look for libtorch and TensorFlow elsewhere, so that no engine changes because tests ran.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { installWithApt } from "./apt.mjs";
import { isOnPath, root } from "./programs.mjs";

const requirements = join(root, "test/python/requirements.txt");

/** The interpreter, or undefined where there is none yet. */
export function pythonOfTests() {
  if (process.env.PYTHON) return process.env.PYTHON;
  const folder = environmentFolder();
  return folder && existsSync(folder) ? join(folder, "bin/python") : undefined;
}

/** The folder of one of its packages, `torch` or `tensorflow`, or undefined where it has none. */
export function packageOfTests(name) {
  const python = pythonOfTests();
  const script = "import importlib.util as u, sys; s = u.find_spec(sys.argv[1]); print(s.origin if s else '')";
  const { stdout } = python ? spawnSync(python, ["-c", script, name], { encoding: "utf8" }) : {};
  return stdout?.trim() ? dirname(stdout.trim()) : undefined;
}

/**
 * Makes the environment where it is missing: 2.8 GB to download, 5.4 GB and two minutes. Answers why it could not, or
 * nothing. What an interrupted one leaves is taken away: by itself when it can, else by the next one.
 */
export async function ensurePythonOfTests() {
  if (pythonOfTests()) return "";
  if (!isOnPath("python3") || !has("ensurepip")) {
    const problem = installWithApt(["python3", "python3-venv"]);
    if (problem) return `python3 has no venv; apt-get install python3-venv: ${problem}`;
  }
  const folder = environmentFolder();
  if (!folder) return "python3 does not run";
  console.log("Installing PyTorch and TensorFlow for the tests (2.8 GB, once) …");
  try {
    await makeEnvironment(folder);
    return "";
  } catch (error) {
    if (error.toldBy) process.kill(process.pid, error.toldBy); // what was made is gone: now end as one was told to
    return error.path ? `${error.message}; RELUCTANT_CACHE names another folder` : error.message;
  }
}

const inPython = (script) => spawnSync("python3", ["-c", script], { encoding: "utf8" });

const has = (module) => inPython(`import ${module}`).status === 0;

/** An environment's own Python is the one that it was made with, which may be any on PATH. */
function environmentFolder() {
  const { status, stdout } = inPython(
    "import platform, sys; print(sys.implementation.cache_tag, platform.machine(), sys.base_prefix)",
  );
  if (status !== 0) return undefined;
  const hash = createHash("sha256").update(stdout).update(readFileSync(requirements));
  return join(
    process.env.RELUCTANT_CACHE || join(homedir(), ".cache/reluctant"),
    "python",
    hash.digest("hex").slice(0, 16),
  );
}

/** Made aside and renamed, so that it is there whole or not at all; of several at the same time the first one stays. */
async function makeEnvironment(target) {
  const parent = dirname(target);
  mkdirSync(parent, { recursive: true });
  removeAbandoned(parent);
  const making = join(parent, `.making-${hostname()}-${process.pid}`);
  const downloads = join(making, "downloads"); // pip unpacks 2.8 GB there: /tmp may be held in memory
  const python = join(making, "bin/python");
  try {
    await mustRun("python3", ["-m", "venv", making]);
    mkdirSync(downloads);
    const pip = ["-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir"];
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
    await mustRun(python, [...pip, ...quiet, "--requirement", requirements], { TMPDIR: downloads });
    await mustRun(python, ["-c", "import torch, torchvision, numpy"]);
    rmSync(downloads, { recursive: true });
    if (!existsSync(target)) renameSync(making, target);
  } finally {
    rmSync(making, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A folder bears the name of its machine, since a cache may be shared, and its process. */
function removeAbandoned(parent) {
  const ours = `.making-${hostname()}-`;
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(ours))) {
    if (!isRunning(Number(name.slice(ours.length)))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/**
 * Ends the program and all that it started when this process is told to end, and waits for that: nothing is to write into a
 * folder that is being removed.
 */
async function mustRun(program, args, env = {}) {
  const options = { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env }, detached: true };
  const child = spawn(program, args, options); // with a process group of its own
  let errors = "";
  let told;
  const end = (signal) => {
    told = signal;
    process.kill(-child.pid, signal);
  };
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  process.on("SIGINT", end).on("SIGTERM", end);
  const [status] = await once(child, "close");
  process.off("SIGINT", end).off("SIGTERM", end);
  if (told) throw Object.assign(new Error(`${program} was interrupted`), { toldBy: told });
  if (status !== 0) throw new Error(`\`${[program, ...args].join(" ")}\`: ${errors.trim().split("\n").at(-1)}`);
}
