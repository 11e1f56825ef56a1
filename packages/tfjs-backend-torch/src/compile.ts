/** Compiles the addon with nothing but a C++ compiler. */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BuildFolder } from "./build-folder.ts";
import type { Libtorch } from "./libtorch.ts";

/** Parameters of the compiler. */
export interface Recipe {
  compiler: string;
  common: readonly string[];
  units: readonly Unit[];
  link: readonly string[];
  /** Whether CUDA is among what is linked, and with it graphs may be. */
  cuda: boolean;
}

interface Unit {
  /** Relative to the folder of the sources. */
  source: string;
  object: string;
  flags: readonly string[];
}

export interface Options {
  compiler: string;
  /** Folder of `node_api.h`. */
  nodeHeaders: string;
  /** Further parameters for compiling and linking, such as sanitizers. */
  further: readonly string[];
}

export function recipeFor(libtorch: Libtorch, { compiler, nodeHeaders, further }: Options): Recipe {
  const folders = [...libtorch.headers, nodeHeaders, ...libtorch.cudaHeaders];
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
    units: process.arch === "x64" ? x86Units : otherUnits,
    link: [...linkFlags(libtorch), ...further],
    cuda: libtorch.cuda,
  };
}

/** The inner loops are compiled once for each level of the instruction set; loops/dispatch.cc chooses when the addon runs. */
const loops = (table: string, ...flags: string[]): Unit => ({
  source: "loops/table.cc",
  object: `${table}.o`,
  flags: [`-DTFJS_TORCH_TABLE=${table}`, "-ffp-contract=off", "-Wno-psabi", ...flags],
});
const bridge: Unit = { source: "bridge.cc", object: "bridge.o", flags: [] };
const fused: Unit = { source: "fused.cc", object: "fused.o", flags: [] };
const dispatch = (...flags: string[]): Unit => ({ source: "loops/dispatch.cc", object: "dispatch.o", flags });

const otherUnits = [bridge, fused, dispatch(), loops("baselineLoops")];
const avx512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"];
const x86Units = [
  ...[bridge, fused, dispatch("-DTFJS_TORCH_X86")],
  ...[loops("baselineLoops"), loops("avx2Loops", "-mavx2"), loops("avx512Loops", ...avx512)],
];

/** No symbol of ours is in libtorch_cuda, but its operators register themselves when it is loaded. */
function linkFlags({ libraries, cuda }: Libtorch): string[] {
  const names = cuda ? ["torch", "torch_cpu", "torch_cuda", "c10_cuda", "c10"] : ["torch", "torch_cpu", "c10"];
  return [
    ...["-shared", "-fopenmp", `-L${libraries}`, `-Wl,-rpath,${libraries}`],
    ...["-Wl,--no-as-needed", ...names.map((name) => `-l${name}`), "-Wl,--as-needed"],
  ];
}

/**
 * Compiles and links the addon into a folder.
 * @param native the folder of the sources
 * @param building where everything is written, temporary files too
 * @returns the addon's path
 * @throws Error with the end of the compiler's output
 */
export async function compileAddon(recipe: Recipe, native: string, building: BuildFolder): Promise<string> {
  const folder = building.path;
  const { compiler, common, units, link } = recipe;
  const graphs = (await hasGraphs(recipe, building)) ? ["-DTFJS_TORCH_GRAPHS"] : [];
  const waiting = [...units];
  const compileNext = async (): Promise<void> => {
    for (let unit = waiting.shift(); unit; unit = waiting.shift()) {
      const { source, object, flags } = unit;
      await run(building, compiler, [
        "-c",
        join(native, source),
        "-o",
        join(folder, object),
        ...common,
        ...flags,
        ...graphs,
      ]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  const addon = join(folder, "tfjs_torch.node");
  await run(building, compiler, ["-o", addon, ...units.map(({ object }) => join(folder, object)), ...link]);
  return addon;
}

/** CUDA graphs need CUDA's headers, which not every machine with CUDA's libraries has: without, steps are replayed call by call. */
async function hasGraphs({ compiler, common, cuda }: Recipe, building: BuildFolder): Promise<boolean> {
  if (!cuda) return false;
  const probe = ["-fsyntax-only", "-include", "ATen/cuda/CUDAGraph.h", "-x", "c++", "/dev/null"];
  return run(building, compiler, [...common, ...probe]).then(
    () => true,
    () => false,
  );
}

async function run({ path, worksHere }: BuildFolder, compiler: string, parameters: readonly string[]): Promise<void> {
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
