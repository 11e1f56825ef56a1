/**
 * Finds libtorch and builds the bridge against it, once per libtorch version and source. The result is
 * cached in `$RELUCTANT_CACHE` (default `~/.cache/reluctant`). Nothing is downloaded.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const nativeFolder = fileURLToPath(new URL("../native", import.meta.url));

export interface Built {
  /** Absolute path of `tfjs_torch.node`. */
  addonPath: string;
}
export interface Missing {
  /** One line: what is not installed, and what to do. */
  missing: string;
}
interface Libtorch {
  /** Folder of `TorchConfig.cmake`. */
  cmakeFolder: string;
  version: string;
}

const installHint =
  "`apt-get install libtorch-dev cmake g++`, or `pip install torch`, or set LIBTORCH to the folder of an unpacked libtorch";

/**
 * Returns the built addon, building it first when the cache has none (about 20 s, one line on stderr).
 * Safe to call from several processes at once: each builds aside, the first rename wins.
 * @throws Error with the end of the compiler's output when the build itself fails.
 */
export async function ensureBuilt(): Promise<Built | Missing> {
  const libtorch = await findLibtorch();
  if ("missing" in libtorch) return libtorch;
  const folder = join(cacheFolder(), await buildKey(libtorch));
  const addonPath = join(folder, "tfjs_torch.node");
  if (existsSync(addonPath)) return { addonPath };
  for (const [tool, packageName] of [
    ["cmake", "cmake"],
    ["c++", "g++"],
    ["make", "make"],
  ] as const) {
    if (!(await works(tool, ["--version"]))) {
      return {
        missing: `the torch backend is built on first use and needs \`${tool}\`: apt-get install ${packageName}`,
      };
    }
  }
  process.stderr.write(`Building the torch backend against libtorch ${libtorch.version} (about 20 s, once)\n`);
  await build(libtorch, folder);
  return { addonPath };
}

async function findLibtorch(): Promise<Libtorch | Missing> {
  const fromEnvironment = process.env.LIBTORCH;
  if (fromEnvironment) {
    const found = await readConfig(join(fromEnvironment, "share/cmake/Torch"));
    return found ?? { missing: `LIBTORCH=${fromEnvironment} has no share/cmake/Torch/TorchConfig.cmake` };
  }
  const candidates = [...(await pythonCandidates()), ...debianCandidates()];
  for (const folder of candidates) {
    const found = await readConfig(folder);
    if (found) return found;
  }
  return { missing: `libtorch was not found: ${installHint}` };
}

/** Asks Python where torch is without importing it: importing takes seconds. */
async function pythonCandidates(): Promise<string[]> {
  const script = "import importlib.util as u; s = u.find_spec('torch'); print(s.origin if s else '')";
  try {
    const { stdout } = await run("python3", ["-c", script]);
    return stdout.trim() ? [join(dirname(stdout.trim()), "share/cmake/Torch")] : [];
  } catch {
    return []; // no Python is as good as no torch in it
  }
}

function debianCandidates(): string[] {
  const triplet = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" }[process.arch as "x64" | "arm64"];
  return triplet ? [`/usr/lib/${triplet}/cmake/Torch`] : [];
}

async function readConfig(cmakeFolder: string): Promise<Libtorch | undefined> {
  if (!existsSync(join(cmakeFolder, "TorchConfig.cmake"))) return undefined;
  const text = await readFile(join(cmakeFolder, "TorchConfigVersion.cmake"), "utf8");
  const version = /set\(PACKAGE_VERSION "([^"]+)"\)/.exec(text)?.[1] ?? "unknown";
  return { cmakeFolder, version };
}

function cacheFolder(): string {
  return join(process.env.RELUCTANT_CACHE ?? join(homedir(), ".cache/reluctant"), "tfjs-backend-torch");
}

async function buildKey(libtorch: Libtorch): Promise<string> {
  const hash = createHash("sha256").update(libtorch.cmakeFolder).update(process.versions.modules);
  for (const path of await sources()) hash.update(path).update(await readFile(join(nativeFolder, path)));
  return `${libtorch.version}-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 16)}`;
}

/** Everything that is compiled, in a fixed order, relative to the folder. */
async function sources(): Promise<string[]> {
  const entries = await readdir(nativeFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(nativeFolder, join(parentPath, name))).sort();
}

async function build(libtorch: Libtorch, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const workFolder = await mkdtemp(join(dirname(target), ".building-"));
  try {
    const headers = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };
    const definitions = [`-DTorch_DIR=${libtorch.cmakeFolder}`, `-DNODE_API_INCLUDE=${headers.include_dir}`];
    await compile("cmake", ["-G", "Unix Makefiles", "-S", nativeFolder, "-B", workFolder, ...definitions]);
    await compile("cmake", ["--build", workFolder, "--parallel", "2"]);
    const finished = join(workFolder, "finished");
    await mkdir(finished);
    await copyFile(join(workFolder, "tfjs_torch.node"), join(finished, "tfjs_torch.node"));
    await rename(finished, target).catch((error: NodeJS.ErrnoException) => {
      // Another process was first: its result is the same.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function compile(command: string, parameters: string[]): Promise<void> {
  try {
    await run(command, parameters, { maxBuffer: 64 << 20 });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-25).join("\n");
    throw new Error(`building the torch backend failed in \`${command} ${parameters.join(" ")}\`:\n${tail}`);
  }
}

async function works(command: string, parameters: string[]): Promise<boolean> {
  return run(command, parameters).then(
    () => true,
    () => false,
  );
}
