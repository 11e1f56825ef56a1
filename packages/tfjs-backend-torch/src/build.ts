/** Builds the bridge, and libraries of operators, once for each libtorch, compiler's parameters and source. Nothing is downloaded. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BuildFolder, inBuildFolder } from "./build-folder.ts";
import { compileLibraries, type Job, type NativeLibrary, recipeFor } from "./compile.ts";
import { findLibtorch, type Libtorch, type Missing } from "./libtorch.ts";

export type { Missing } from "./libtorch.ts";

const native = fileURLToPath(new URL("../native", import.meta.url));
/** What other libraries may include. */
const headers = join(native, "include");

const bridge: NativeLibrary = {
  file: "tfjs_torch.node",
  sources: native,
  units: [
    { source: "bridge.cc" },
    { source: "winograd/operators.cc" },
    { source: "winograd/loops.cc", flags: ["-Wno-psabi"], byLevel: true },
  ],
  whereCuda: { name: "TFJS_TORCH_GRAPHS", includes: "ATen/cuda/CUDAGraph.h" },
};

export interface BuildOptions {
  /** The folder that builds are kept in. Default: that of the variable `TFJS_TORCH_CACHE`, else `~/.cache/tfjs-backend-torch`. */
  cacheFolder?: string | undefined;
  /** Whose libraries are built, too. Default: none. */
  extensions?: readonly { readonly library: NativeLibrary }[];
}

export interface Built {
  /** Absolute path of `tfjs_torch.node`. */
  addonPath: string;
  /** Absolute paths of the extensions' libraries, in their order. */
  libraryPaths: readonly string[];
}

/**
 * Returns the built addon and libraries, building first what the cache does not have (about 20 s, one line on stderr).
 * Safe to call from several processes at once: each builds aside, the first rename wins. What an interrupted build was
 * writing is removed.
 * Environment: `LIBTORCH`, `TFJS_TORCH_CACHE`, `CXX`, and `TFJS_TORCH_CXXFLAGS` for further parameters, by spaces.
 * @throws Error with the end of the compiler's output when the build itself fails.
 */
export async function ensureBuilt(options: BuildOptions = {}): Promise<Built | Missing> {
  const { cacheFolder = defaultFolder(), extensions = [] } = options;
  const libtorch = await findLibtorch();
  if ("missing" in libtorch) return libtorch;
  const libraries = [bridge, ...extensions.map(({ library }) => library)];
  const wanted = await Promise.all(libraries.map((library) => wantedOf(library, libtorch, cacheFolder)));
  const [addonPath, ...libraryPaths] = wanted.map(({ path }) => path) as [string, ...string[]];
  const absent = wanted.filter(({ path }) => !existsSync(path));
  if (absent.length > 0) {
    const compiler = compilerHere();
    if (!(await works(compiler, ["--version"]))) {
      const install = "apt-get install g++, or set CXX";
      return { missing: `the torch backend is built on first use and needs \`${compiler}\`: ${install}` };
    }
    const names = absent.map(({ library }) => library.file).join(" and ");
    process.stderr.write(`Building ${names} against libtorch ${libtorch.version} (about 20 s, once)\n`);
    await inBuildFolder(cacheFolder, (folder) => build(absent, folder));
  }
  return { addonPath, libraryPaths };
}

const compilerHere = () => process.env.CXX || "c++";

const furtherFlags = () => (process.env.TFJS_TORCH_CXXFLAGS ?? "").split(" ").filter((flag) => flag !== "");

const defaultFolder = () => process.env.TFJS_TORCH_CACHE || join(home(), ".cache/tfjs-backend-torch");

/** Containers run as users that are in no list, whose home nobody knows. */
function home(): string {
  try {
    const folder = homedir();
    if (isAbsolute(folder)) return folder;
  } catch {
    // in no list
  }
  throw new Error("this user has no home folder: set TFJS_TORCH_CACHE to a folder that can be written");
}

interface Wanted extends Omit<Job, "headers"> {
  /** Where it is once it is built. */
  path: string;
}

/** A library is what its recipe and its sources are, wherever they lie: a change of one of several leaves the others built. */
async function wantedOf(library: NativeLibrary, libtorch: Libtorch, cacheFolder: string): Promise<Wanted> {
  const recipe = recipeFor(libtorch, library, { compiler: compilerHere(), further: furtherFlags() });
  const hash = createHash("sha256").update(JSON.stringify(recipe)).update(process.versions.modules);
  for (const folder of [library.sources, headers]) {
    for (const path of await filesIn(folder)) hash.update(path).update(await readFile(join(folder, path)));
  }
  const key = hash.digest("hex").slice(0, 16);
  const folder = join(cacheFolder, `${libtorch.version}-${process.platform}-${process.arch}-${key}`);
  return { library, recipe, path: join(folder, library.file) };
}

/** In a fixed order, relative to the folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort();
}

async function build(absent: readonly Wanted[], folder: BuildFolder): Promise<void> {
  const jobs = absent.map(({ library, recipe }) => ({ library, recipe, headers: [headers, nodeHeaders()] }));
  const built = await compileLibraries(jobs, folder);
  for (const [i, { path }] of absent.entries()) {
    const finished = join(folder.path, `finished-${i}`);
    await mkdir(finished);
    await rename(built[i] as string, join(finished, basename(path)));
    await rename(finished, dirname(path)).catch((error: NodeJS.ErrnoException) => {
      // Another process was first: its result is the same.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  }
}

const nodeHeaders = () => (createRequire(import.meta.url)("node-api-headers") as { include_dir: string }).include_dir;

async function works(command: string, parameters: string[]): Promise<boolean> {
  return promisify(execFile)(command, parameters).then(
    () => true,
    () => false,
  );
}
