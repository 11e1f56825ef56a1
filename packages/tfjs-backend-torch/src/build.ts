/** Builds the bridge against libtorch, once for each libtorch, compiler's parameters and source. Nothing is downloaded. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inBuildFolder } from "./build-folder.ts";
import { compileAddon, type Recipe, recipeFor } from "./compile.ts";
import { findLibtorch, type Missing } from "./libtorch.ts";

export type { Missing } from "./libtorch.ts";

const native = fileURLToPath(new URL("../native", import.meta.url));

export interface BuildOptions {
  /** The folder that builds are kept in. Default: that of the variable `TFJS_TORCH_CACHE`, else `~/.cache/tfjs-backend-torch`. */
  cacheFolder?: string | undefined;
}

export interface Built {
  /** Absolute path of `tfjs_torch.node`. */
  addonPath: string;
}

/**
 * Returns the built addon, building it first when the cache has none (about 20 s, one line on stderr).
 * Safe to call from several processes at once: each builds aside, the first rename wins. What an interrupted build was
 * writing is removed.
 * Environment: `LIBTORCH`, `TFJS_TORCH_CACHE`, `CXX`, and `TFJS_TORCH_CXXFLAGS` for further parameters, by spaces.
 * @throws Error with the end of the compiler's output when the build itself fails.
 */
export async function ensureBuilt({ cacheFolder = defaultFolder() }: BuildOptions = {}): Promise<Built | Missing> {
  const libtorch = await findLibtorch();
  if ("missing" in libtorch) return libtorch;
  const compiler = process.env.CXX || "c++";
  const options = { compiler, further: furtherFlags() };
  const key = await keyOf(recipeFor(libtorch, { ...options, nodeHeaders: "" })); // the same wherever they lie
  const folder = join(cacheFolder, `${libtorch.version}-${process.platform}-${process.arch}-${key}`);
  const addonPath = join(folder, "tfjs_torch.node");
  if (existsSync(addonPath)) return { addonPath };
  if (!(await works(compiler, ["--version"]))) {
    const install = "apt-get install g++, or set CXX";
    return { missing: `the torch backend is built on first use and needs \`${compiler}\`: ${install}` };
  }
  process.stderr.write(`Building the torch backend against libtorch ${libtorch.version} (about 20 s, once)\n`);
  await build(recipeFor(libtorch, { ...options, nodeHeaders: nodeHeaders() }), folder);
  return { addonPath };
}

const nodeHeaders = () => (createRequire(import.meta.url)("node-api-headers") as { include_dir: string }).include_dir;

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

async function keyOf(recipe: Recipe): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).update(process.versions.modules);
  for (const path of await sources()) hash.update(path).update(await readFile(join(native, path)));
  return hash.digest("hex").slice(0, 16);
}

/** Everything that is compiled, in a fixed order, relative to the folder. */
async function sources(): Promise<string[]> {
  const entries = await readdir(native, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(native, join(parentPath, name))).sort();
}

const build = (recipe: Recipe, target: string): Promise<void> =>
  inBuildFolder(dirname(target), async (folder) => {
    const addon = await compileAddon(recipe, native, folder);
    const finished = join(folder.path, "finished");
    await mkdir(finished);
    await rename(addon, join(finished, "tfjs_torch.node"));
    await rename(finished, target).catch((error: NodeJS.ErrnoException) => {
      // Another process was first: its result is the same.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  });

async function works(command: string, parameters: string[]): Promise<boolean> {
  return promisify(execFile)(command, parameters).then(
    () => true,
    () => false,
  );
}
