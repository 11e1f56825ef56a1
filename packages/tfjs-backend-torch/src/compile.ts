/** Compiles shared libraries that use libtorch, with nothing but a C++ compiler. */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CpuLevel } from "./bridge.ts";
import type { BuildFolder } from "./build-folder.ts";
import type { Libtorch } from "./libtorch.ts";

/** C++ that becomes one shared library, built for the same libtorch and in the same way as the bridge. */
export interface NativeLibrary {
  /** The library's name, with its ending: `my_ops.so`. */
  file: string;
  /**
   * The folder of its sources: all that is in it counts as what the library is made of. The preprocessor knows it as
   * TFJS_TORCH_SOURCES, a string, so that a library can carry a file of it (`.incbin`).
   */
  sources: string;
  units: readonly Unit[];
  /** A name that is defined for the preprocessor where a header of CUDA's can be included; with CUDA alone. */
  whereCuda?: { name: string; includes: string };
}

/** What is compiled by itself. */
export interface Unit {
  /** A file, relative to the folder of the sources. */
  source: string;
  /** Further parameters of the compiler. */
  flags?: readonly string[];
  /** Compiled only for a libtorch with CUDA. Of CUDA itself there may be nothing, neither headers nor a GPU. */
  withCuda?: boolean;
  /**
   * Compiled once for each level of instructions, which TFJS_TORCH_LEVEL names: `baseline`, on x86 also `avx2` and
   * `avx512`. `tfjs_torch/library.h` says how the library learns which of them it may use.
   */
  byLevel?: boolean;
}

/** Parameters of the compiler, wherever the sources lie. */
export interface Recipe {
  compiler: string;
  common: readonly string[];
  units: readonly { source: string; object: string; flags: readonly string[] }[];
  link: readonly string[];
  whereCuda: NativeLibrary["whereCuda"] | null;
}

export interface Options {
  compiler: string;
  /** Further parameters for compiling and linking, such as sanitizers. */
  further: readonly string[];
}

export function recipeFor(libtorch: Libtorch, library: NativeLibrary, { compiler, further }: Options): Recipe {
  const folders = [...libtorch.headers, ...libtorch.cudaHeaders];
  return {
    compiler,
    common: [
      `-std=c++${libtorch.standard}`,
      `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi}`,
      ...["-O3", "-DNDEBUG", "-fPIC", "-fvisibility=hidden"],
      "-fopenmp", // at::parallel_for runs on one thread without it
      ...folders.map((path) => `-I${path}`),
      ...further,
    ],
    units: library.units.filter(({ withCuda }) => libtorch.cuda || !withCuda).flatMap(compilations),
    link: [...linkFlags(libtorch), ...further],
    whereCuda: (libtorch.cuda && library.whereCuda) || null,
  };
}

const avx512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"];
const flagsOf: Readonly<Partial<Record<CpuLevel, readonly string[]>>> =
  process.arch === "x64" ? { baseline: [], avx2: ["-mavx2", "-mfma"], avx512 } : { baseline: [] };

function compilations({ source, flags = [], byLevel = false }: Unit): Recipe["units"] {
  const name = source.replaceAll("/", "-");
  if (!byLevel) return [{ source, object: `${name}.o`, flags }];
  return Object.entries(flagsOf).map(([level, ofLevel]) => ({
    source,
    object: `${name}-${level}.o`,
    flags: [`-DTFJS_TORCH_LEVEL=${level}`, ...flags, ...ofLevel],
  }));
}

/** No symbol of ours is in libtorch_cuda, but its operators register themselves when it is loaded. */
function linkFlags({ libraries, cuda }: Libtorch): string[] {
  const names = cuda ? ["torch", "torch_cpu", "torch_cuda", "c10_cuda", "c10"] : ["torch", "torch_cpu", "c10"];
  return [
    ...["-shared", "-fopenmp", `-L${libraries}`, `-Wl,-rpath,${libraries}`],
    ...["-Wl,--no-as-needed", ...names.map((name) => `-l${name}`), "-Wl,--as-needed"],
  ];
}

/** A library, how it is compiled, and folders of headers. */
export interface Job {
  library: NativeLibrary;
  recipe: Recipe;
  headers: readonly string[];
}

/**
 * Compiles and links libraries into a folder, as many compilers at a time as there are cores.
 * @param building where everything is written, temporary files too
 * @returns the libraries' paths, in their order
 * @throws Error with the end of the compiler's output
 */
export async function compileLibraries(jobs: readonly Job[], building: BuildFolder): Promise<string[]> {
  const commands = await Promise.all(jobs.map((job) => commandsOf(job, building)));
  const waiting = commands.flatMap(({ compile }) => compile);
  const compileNext = async (): Promise<void> => {
    for (let command = waiting.shift(); command; command = waiting.shift()) await run(building, command);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  for (const { link } of commands) await run(building, link);
  return commands.map(({ path }) => path);
}

interface Command {
  compiler: string;
  parameters: readonly string[];
}

async function commandsOf({ library, recipe, headers }: Job, building: BuildFolder) {
  const { compiler, units, link } = recipe;
  const objectOf = (name: string) => join(building.path, `${library.file}-${name}`);
  const sources = `-DTFJS_TORCH_SOURCES=${JSON.stringify(library.sources)}`;
  const common = [...recipe.common, ...headers.map((folder) => `-I${folder}`), sources];
  const defined = await cudaDefine(recipe, common, building);
  const compile = units.map(({ source, object, flags }): Command => {
    const files = ["-c", join(library.sources, source), "-o", objectOf(object)];
    return { compiler, parameters: [...files, ...common, ...flags, ...defined] };
  });
  const path = join(building.path, library.file);
  const objects = units.map(({ object }) => objectOf(object));
  return { path, compile, link: { compiler, parameters: ["-o", path, ...objects, ...link] } };
}

/** CUDA's headers are not on every machine with CUDA's libraries. */
async function cudaDefine({ compiler, whereCuda }: Recipe, common: readonly string[], building: BuildFolder) {
  if (!whereCuda) return [];
  const probe = ["-fsyntax-only", "-include", whereCuda.includes, "-x", "c++", "/dev/null"];
  return run(building, { compiler, parameters: [...common, ...probe] }).then(
    () => [`-D${whereCuda.name}`],
    () => [],
  );
}

async function run({ path, worksHere }: BuildFolder, { compiler, parameters }: Command): Promise<void> {
  try {
    const env = { ...process.env, TMPDIR: path };
    const compiling = promisify(execFile)(compiler, parameters, { maxBuffer: 64 << 20, env });
    worksHere(compiling.child.pid);
    await compiling;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-25).join("\n");
    throw new Error(`building the torch backend failed in \`${compiler} ${parameters.join(" ")}\`:\n${tail}`);
  }
}
