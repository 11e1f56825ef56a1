/** Loads TensorFlow's package for Node into this process, on the TensorFlow.js that is there already. */
import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";
import { findBackend, type GradConfig, registerGradient } from "@tensorflow/tfjs-core";
import { type AddOptions, findAdded, packageName } from "./add.ts";
import type { TensorflowBackend } from "./backend.ts";
import { convolutionKernels } from "./convolution.ts";
import { gatherKernels } from "./gather.ts";
import { type Kernels, registerKernels } from "./operators.ts";

/** Stands in for TensorFlow.js among the dependencies of what was added. */
const standIn = "@tensorflow/tfjs";

/** The backend cannot run on this machine; the message says what is missing. */
export class TensorflowUnavailableError extends Error {
  override name = "TensorflowUnavailableError";
}

export interface TensorflowInfo {
  /** TensorFlow's. */
  version: string;
  device: "cpu" | "gpu";
  /** Of one operator on the CPU. */
  threads: number;
}

/** Kernels that a program adds, or puts in the place of the backend's, and gradients of those that are new to TensorFlow.js. */
export interface Extension {
  kernels: readonly Kernels[];
  gradients: readonly GradConfig[];
}

export interface TensorflowOptions extends AddOptions {
  /** Of one operator on the CPU. TensorFlow takes it once a process. */
  threads: number;
  extensions?: readonly Extension[];
}

let registration: Promise<TensorflowInfo> | undefined;

/**
 * Registers the backend "tensorflow", with the kernels that its package lacks. Further calls return the first one's promise,
 * whatever their other options, unless it failed.
 * @throws TensorflowUnavailableError when the package was not added here, or does not load
 * @throws Error when TensorFlow runs with another number of threads already
 */
export async function registerTensorflowBackend(options: TensorflowOptions): Promise<TensorflowInfo> {
  registration ??= register(options).catch((error) => {
    registration = undefined;
    throw error;
  });
  const info = await registration;
  if (info.threads === options.threads) return info;
  const asked = `${info.threads} threads in this process, and cannot change to ${options.threads}`;
  throw new Error(`TensorFlow runs with ${asked}`);
}

async function register({ threads, extensions = [], ...options }: TensorflowOptions): Promise<TensorflowInfo> {
  configure(threads);
  await requireAdded(options);
  const backend = findBackend("tensorflow") as TensorflowBackend;
  const added = extensions.flatMap(({ kernels }) => kernels);
  for (const kernels of [convolutionKernels, gatherKernels, ...added]) registerKernels(backend, kernels);
  for (const gradient of extensions.flatMap(({ gradients }) => gradients)) registerGradient(gradient);
  return { version: backend.binding.TF_Version, device: backend.isUsingGpuDevice ? "gpu" : "cpu", threads };
}

/** TensorFlow reads these when it is loaded; the addon has no other way to tell it. */
function configure(threads: number): void {
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_CPP_MIN_LOG_LEVEL ||= "2"; // errors: what it says at its start is not for whoever reads a worker's log
  process.env.TF_ENABLE_ONEDNN_OPTS ||= "1";
}

async function requireAdded(options: AddOptions): Promise<void> {
  const added = await findAdded(options);
  if ("missing" in added) throw new TensorflowUnavailableError(added.missing);
  const own = createRequire(import.meta.url);
  const require = createRequire(join(added.folder, "package.json"));
  Object.assign(require(standIn), own("@tensorflow/tfjs-core"), own("@tensorflow/tfjs-layers"));
  Object.assign(util, { isNullOrUndefined: (x: unknown) => x === null || x === undefined }); // gone since Node 23
  try {
    require(packageName);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_DLOPEN_FAILED")
      throw new TensorflowUnavailableError(`TensorFlow ${added.tensorflow.version} does not load: ${message}`, {
        cause: error,
      });
    throw error;
  }
}
