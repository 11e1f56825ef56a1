/** Finds libtorch, and learns from its own files how code that uses it is to be compiled. Nothing is run or imported. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export interface Libtorch {
  version: string;
  /** Folders of its headers. */
  headers: readonly string[];
  /** Folder of its shared libraries. */
  libraries: string;
  /** The C++ standard that its headers ask for, 17 at least: 17 or 20. */
  standard: number;
  /** 1, or 0 in wheels until 2.6: whether `std::string` is the one of C++11. */
  cxx11Abi: 0 | 1;
  /** Whether it has CUDA in it. */
  cuda: boolean;
  /** Folders of CUDA's headers; libtorch has none of its own. */
  cudaHeaders: readonly string[];
}

export interface Missing {
  /** One line: what is not installed, and what to do. */
  missing: string;
}

const installHint =
  "`apt-get install libtorch-dev g++`, or `pip install torch`, or set LIBTORCH to the folder of an unpacked libtorch";

/** @throws Error where the files of a libtorch are not what is known of any version */
export async function findLibtorch(): Promise<Libtorch | Missing> {
  const fromEnvironment = process.env.LIBTORCH;
  if (fromEnvironment) {
    const found = await unpacked(fromEnvironment);
    return found ?? { missing: `LIBTORCH=${fromEnvironment} has no share/cmake/Torch/TorchConfig.cmake` };
  }
  const fromPython = await folderOfPythons();
  const found = (fromPython && (await unpacked(fromPython))) || (await debians());
  return found ?? { missing: `libtorch was not found: ${installHint}` };
}

/** Where Python has torch, without importing it: importing takes seconds. */
async function folderOfPythons(): Promise<string | undefined> {
  const script = "import importlib.util as u; s = u.find_spec('torch'); print(s.origin if s else '')";
  try {
    const { stdout } = await promisify(execFile)("python3", ["-c", script]);
    return stdout.trim() ? dirname(stdout.trim()) : undefined;
  } catch {
    return undefined; // no Python is as good as no torch in it
  }
}

/** A folder as the wheel and the archive have it. */
const unpacked = (folder: string) =>
  describe(join(folder, "share/cmake/Torch"), join(folder, "include"), join(folder, "lib"));

function debians(): Promise<Libtorch | undefined> {
  const triplet = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" }[process.arch as "x64" | "arm64"];
  return describe(`/usr/lib/${triplet}/cmake/Torch`, "/usr/include", `/usr/lib/${triplet}`);
}

async function describe(config: string, folder: string, libraries: string): Promise<Libtorch | undefined> {
  if (!existsSync(join(config, "TorchConfig.cmake"))) return undefined;
  const text = await readFile(join(config, "TorchConfigVersion.cmake"), "utf8");
  const headers = [folder, join(folder, "torch/csrc/api/include")];
  const cuda = existsSync(join(libraries, "libtorch_cuda.so"));
  return {
    version: /set\(PACKAGE_VERSION "([^"]+)"\)/.exec(text)?.[1] ?? "unknown",
    headers,
    libraries,
    standard: await standardOf(headers),
    cxx11Abi: await abiOf(join(libraries, "libc10.so")),
    cuda,
    cudaHeaders: cuda ? await findCudaHeaders(libraries) : [],
  };
}

/** The headers refuse an older standard than theirs by the value of `__cplusplus`. */
async function standardOf(headers: readonly string[]): Promise<number> {
  const file = headers.map((folder) => join(folder, "torch/all.h")).find((path) => existsSync(path));
  const asked = file && /__cplusplus < 20(\d\d)/.exec(await readFile(file, "utf8"))?.[1];
  if (!asked) throw new Error(`libtorch does not say which C++ it needs: no torch/all.h in ${headers.join(" or ")}`);
  return Math.max(17, Number(asked));
}

/** A function that takes a string bears its kind in its name: this one has the former kind. */
async function abiOf(library: string): Promise<0 | 1> {
  return (await readFile(library)).includes("_ZN3c105ErrorC2ENS_14SourceLocationESs\0") ? 0 : 1;
}

/** CUDA's own folder, or those of the wheels that come with torch's: `nvidia/cu13/include` beside `torch`. */
async function findCudaHeaders(libraries: string): Promise<string[]> {
  const wheels = join(libraries, "../../nvidia");
  const parts = existsSync(wheels) ? await readdir(wheels) : [];
  const toolkit = process.env.CUDA_HOME ?? "/usr/local/cuda";
  const folders = [join(toolkit, "include"), ...parts.map((part) => join(wheels, part, "include"))];
  return folders.filter((folder) => existsSync(folder));
}
