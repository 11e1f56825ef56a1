/** Builds the kernels in C++ once for each compiler and source, into the cache. Nothing is downloaded. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { homeCache } from "@reluctant/machine";

const sources = fileURLToPath(new URL("../native", import.meta.url));
const file = "pi.node";

// The vectors of GCC's own headers are uninitialized where nothing of them is read, of which it warns.
const common = ["-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-Wno-psabi", "-Wno-maybe-uninitialized"];
const avx2 = ["-mavx2", "-maes"];
const vaes = [...avx2, "-mvaes"];
const units = {
  addon: { source: "addon.cc", flags: [] },
  avx2: { source: "level.cc", flags: [...avx2, "-DPI_KERNELS=avx2Kernels"] },
  vaes: { source: "level.cc", flags: [...vaes, "-DPI_KERNELS=vaesKernels"] },
  avx512: {
    source: "level.cc",
    flags: [...vaes, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-DPI_KERNELS=avx512Kernels"],
  },
} as const;

/** The add-on's path, where this source has been built. */
export function findAddon(): string | undefined {
  const path = addonPath();
  return path && existsSync(path) ? path : undefined;
}

/**
 * Builds the add-on where the cache lacks it: a few seconds. Several at once are safe: each builds aside, the first rename wins.
 * Environment: `RELUCTANT_PI_CACHE`, `RELUCTANT_CACHE`, `CXX`, and `RELUCTANT_PI_CXXFLAGS` for further parameters, by spaces.
 * @throws Error with the end of the compiler's output where it fails, or the folder that cannot be written
 */
export async function ensureBuilt(): Promise<{ path: string } | { missing: string }> {
  const path = addonPath();
  if (process.arch !== "x64") return { missing: `there are no kernels in C++ for ${process.arch}` };
  if (!path) return { missing: "this user has no home folder: set RELUCTANT_CACHE to a folder that can be written" };
  if (existsSync(path)) return { path };
  if (!(await works(compiler(), "--version")))
    return { missing: `it is compiled, and there is no \`${compiler()}\`: apt-get install g++, or set CXX` };
  const making = await makeFolder(dirname(dirname(path)));
  try {
    await compile(making);
    await chmod(making, 0o755); // others of the machine may read the cache
    await rename(making, dirname(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // another was first: the same
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return { path };
}

async function makeFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, ".building-"));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `the folder ${parent} cannot be written (${code}): set RELUCTANT_CACHE to a folder that can`;
    throw new Error(message, { cause });
  }
}

const compiler = () => process.env.CXX || "c++";
const furtherFlags = () => (process.env.RELUCTANT_PI_CXXFLAGS ?? "").split(" ").filter((flag) => flag !== "");

/** One that is only read may be named, as that of an image, whose cache is empty. */
function buildsFolder(): string | undefined {
  if (process.env.RELUCTANT_PI_CACHE) return process.env.RELUCTANT_PI_CACHE;
  const cache = process.env.RELUCTANT_CACHE || homeCache(process.env);
  return cache ? join(cache, "pi") : undefined;
}

function addonPath(): string | undefined {
  const folder = buildsFolder();
  if (!folder) return undefined;
  const hash = createHash("sha256").update(
    JSON.stringify([compiler(), common, furtherFlags(), units, process.versions.modules]),
  );
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  return join(folder, `${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 16)}`, file);
}

async function compile(folder: string): Promise<void> {
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };
  const objects = Object.entries(units).map(([name, unit]) => ({ ...unit, object: join(folder, `${name}.o`) }));
  await Promise.all(
    objects.map(({ source, flags, object }) =>
      run([...common, ...furtherFlags(), `-I${nodeHeaders}`, ...flags, "-c", join(sources, source), "-o", object]),
    ),
  );
  await run([...furtherFlags(), "-shared", "-o", join(folder, file), ...objects.map(({ object }) => object)]);
  await Promise.all(objects.map(({ object }) => rm(object)));
}

async function run(parameters: readonly string[]): Promise<void> {
  await promisify(execFile)(compiler(), parameters, { maxBuffer: 64 << 20 }).catch((error) => {
    const said = `${error.stderr || error.message}`.trim().split("\n").slice(-25).join("\n");
    throw new Error(`building the kernels of private inference failed in \`${compiler()}\`:\n${said}`);
  });
}

const works = (program: string, parameter: string): Promise<boolean> =>
  promisify(execFile)(program, [parameter]).then(
    () => true,
    () => false,
  );
