/**
 * Brings TensorFlow's package for Node and builds its addon against Python's TensorFlow, once for each TensorFlow, compiler's
 * parameters and source. The package's own install script, which downloads another libtensorflow, never runs. Both lie in a
 * cache: so they outlive `npm ci`, and all checkouts of a machine share them.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { aside } from "./aside.ts";
import { findTensorflow, linked, type Missing, type PythonTensorflow } from "./python-tensorflow.ts";

/** What is installed: the package with its dependencies by hash, TensorFlow.js itself left to the process that loads it. */
const source = fileURLToPath(new URL("../addon", import.meta.url));
export const packageName = "@tensorflow/tfjs-node-gpu";

export interface AddOptions {
  /** What is added is kept in it. Default: that of the variable `TFJS_TENSORFLOW_CACHE`, else `~/.cache/tfjs-backend-tensorflow`. */
  cacheFolder?: string | undefined;
}

export interface Added {
  tensorflow: PythonTensorflow;
  /** The folder that has the package in its `node_modules`. */
  folder: string;
}

/** What was added for the TensorFlow that is found now. */
export async function findAdded({ cacheFolder = defaultFolder() }: AddOptions = {}): Promise<Added | Missing> {
  const tensorflow = await findTensorflow();
  if ("missing" in tensorflow) return tensorflow;
  const folder = join(cacheFolder, await nameOf(tensorflow));
  if (existsSync(folder)) return { tensorflow, folder };
  return {
    missing: `${packageName} has not been added for the TensorFlow ${tensorflow.version} in ${tensorflow.folder}`,
  };
}

/**
 * Adds it where it has not been: a download of 3 MB from npm, and half a minute of compiling. Several at once are safe: each
 * works aside, the first rename wins.
 * Environment: `LIBTENSORFLOW`, `TFJS_TENSORFLOW_CACHE`, `CXX`.
 * @throws Error with the last lines of npm or the compiler where they fail
 */
export async function addTensorflow({ cacheFolder = defaultFolder() }: AddOptions = {}): Promise<Added | Missing> {
  const tensorflow = await findTensorflow();
  if ("missing" in tensorflow) return tensorflow;
  const folder = join(cacheFolder, await nameOf(tensorflow));
  if (existsSync(folder)) return { tensorflow, folder };
  if (!(await works(compiler(), "--version")))
    return { missing: `the addon is compiled, and there is no \`${compiler()}\`: apt-get install g++, or set CXX` };
  process.stderr.write(`Building ${packageName} against TensorFlow ${tensorflow.version} (half a minute, once)\n`);
  await aside(folder, async (making) => {
    await cp(source, making, { recursive: true });
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], making);
    await compile(tensorflow, join(making, "node_modules", packageName));
  });
  return { tensorflow, folder };
}

const compiler = () => process.env.CXX || "c++";

/** As the package's binding.gyp has it, but for the libraries, which stay where Python has them. */
const flags = ({ folder }: PythonTensorflow) => [
  ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8", `-I${join(folder, "include")}`],
  ...["binding/tfjs_backend.cc", "binding/tfjs_binding.cc", `-L${folder}`, ...linked, `-Wl,-rpath,${folder}`],
];

async function compile(tensorflow: PythonTensorflow, packageFolder: string): Promise<void> {
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };
  await mkdir(join(packageFolder, "lib/napi-v8"), { recursive: true });
  const addon = "lib/napi-v8/tfjs_binding.node"; // where the package looks for it
  await run(compiler(), [...flags(tensorflow), "-I.", `-I${nodeHeaders}`, "-o", addon], packageFolder);
}

async function nameOf(tensorflow: PythonTensorflow): Promise<string> {
  const lock = await readFile(join(source, "package-lock.json"));
  const hash = createHash("sha256")
    .update(JSON.stringify([compiler(), flags(tensorflow)]))
    .update(lock);
  return `${tensorflow.version}-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 16)}`;
}

const defaultFolder = () => process.env.TFJS_TENSORFLOW_CACHE || join(home(), ".cache/tfjs-backend-tensorflow");

/** Containers run as users that are in no list, whose home nobody knows. */
function home(): string {
  try {
    const folder = homedir();
    if (isAbsolute(folder)) return folder;
  } catch {
    // in no list
  }
  throw new Error("this user has no home folder: set TFJS_TENSORFLOW_CACHE to a folder that can be written");
}

async function run(program: string, parameters: readonly string[], folder: string): Promise<void> {
  await promisify(execFile)(program, parameters, { cwd: folder, maxBuffer: 64 * 2 ** 20 }).catch((error) => {
    const said = `${error.stderr || error.stdout || error.message}`.trim().split("\n").slice(-20).join("\n");
    throw new Error(`\`${program} ${parameters[0]}\` failed in ${folder}:\n${said}`);
  });
}

const works = (program: string, parameter: string): Promise<boolean> =>
  promisify(execFile)(program, [parameter]).then(
    () => true,
    () => false,
  );
