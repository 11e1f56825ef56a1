/** Finds the TensorFlow of Python, whose wheel has the shared libraries and the headers of its C API. Nothing is imported. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export interface PythonTensorflow {
  version: string;
  /** The package's folder: libraries in it, headers in `include`. */
  folder: string;
}

export interface Missing {
  /** One line: what is not installed, and what to do. */
  missing: string;
}

const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;
/** What the addon is linked with, as parameters of the compiler. */
export const linked = libraries.map((name) => `-l:${name}`);

const header = "include/tensorflow/c/eager/c_api.h";

const installHint =
  "`pip install tensorflow` (`tensorflow[and-cuda]` for GPUs, `tensorflow-cpu` without), or set LIBTENSORFLOW to the folder of such a package";

/** `LIBTENSORFLOW`, else the `tensorflow` of `python3`. */
export async function findTensorflow(): Promise<PythonTensorflow | Missing> {
  const fromEnvironment = process.env.LIBTENSORFLOW;
  const folder = fromEnvironment || (await folderOfPythons());
  if (!folder) return { missing: `TensorFlow was not found: ${installHint}` };
  const file = [...libraries, header].find((name) => !existsSync(join(folder, name)));
  if (file) return { missing: `${fromEnvironment ? "LIBTENSORFLOW=" : ""}${folder} has no ${file}: ${installHint}` };
  return { folder, version: await versionOf(folder) };
}

/** Where Python has TensorFlow, without importing it: importing takes seconds. */
async function folderOfPythons(): Promise<string | undefined> {
  const script = "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.origin if s else '')";
  try {
    const { stdout } = await promisify(execFile)("python3", ["-c", script]);
    return stdout.trim() ? dirname(stdout.trim()) : undefined;
  } catch {
    return undefined; // no Python is as good as no TensorFlow in it
  }
}

/** As the list of the wheel's files has it beside the folder. */
async function versionOf(folder: string): Promise<string> {
  const packages = dirname(folder);
  for (const name of await readdir(packages)) {
    const version = /^(?:tensorflow|tf)\w*-(.+)\.dist-info$/.exec(name)?.[1];
    const files = version ? await readFile(join(packages, name, "RECORD"), "utf8").catch(() => "") : "";
    if (version && files.includes(`${libraries[0]},`)) return version;
  }
  return "unknown";
}
