import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { dirname, sep } from "node:path";
import type { BackendName, EngineInfo, Precision } from "@reluctant/contracts";
import { registerTensorflowBackend, TensorflowUnavailableError } from "@reluctant/tfjs-backend-tensorflow";
import {
  registerTorchBackend,
  setAsync,
  setDeterministic,
  setPrecision,
  setTF32,
  setThreads,
  supportedPrecisions,
  TorchUnavailableError,
  torchInfo,
} from "@reluctant/tfjs-backend-torch";
import { tensorflowTrainingOps, trainingOps } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
// The gradients of TensorFlow.js: its core registers none under Node, and no lighter package does.
import "@tensorflow/tfjs-layers";
import { BackendUnavailableError } from "./backend-unavailable.ts";
import { registerComposedConvolutionGradients } from "./composed-convolution.ts";
import { registerSharingIdentity } from "./sharing-identity.ts";
import { registerShiftedPoolGradient } from "./shifted-pool-gradient.ts";

export interface BackendOptions {
  /** Default: torch if it runs here, else tensorflow if installed, else wasm. */
  backend?: BackendName;
  /** Threads of one operator, where the backend has a choice: torch, and tensorflow, which takes it once a process. */
  threads: number;
  precision: Precision;
  /**
   * The same steps give the same bits each time on one model of device, so that a resumed run ends as one that was not
   * stopped. CPUs do so anyway; on CUDA without it, resuming is exact in state and order, not in bits. Default: false.
   */
  deterministic?: boolean;
}

/**
 * Makes a backend TensorFlow.js's current one, in a precision.
 * @throws BackendUnavailableError when it is forced and cannot run here, or no backend here has the precision
 */
export async function openBackend(options: BackendOptions): Promise<EngineInfo> {
  const { backend, threads, precision, deterministic = false } = options;
  for (const candidate of backend ? [backend] : (["torch", "tensorflow", "wasm"] as const)) {
    try {
      const info = { ...(await openers[candidate]({ threads, deterministic })), deterministic };
      usePrecision(precision, info);
      return info;
    } catch (error) {
      if (backend || !(error instanceof BackendUnavailableError)) throw error;
    }
  }
  throw new BackendUnavailableError(`no backend runs in ${precision} on this machine`);
}

type Opened = Omit<EngineInfo, "deterministic">;
type Opener = (options: { threads: number; deterministic: boolean }) => Promise<Opened>;

const howToAdd = "`npx reluctant backends add tensorflow` adds it";

const openers: Record<BackendName, Opener> = {
  async torch({ threads, deterministic }) {
    await registerTorchBackend({ extensions: [trainingOps] }).catch((error: unknown) => {
      if (error instanceof TorchUnavailableError)
        throw new BackendUnavailableError(`backend torch: ${error.message}`, { cause: error });
      throw error;
    });
    await use("torch");
    setThreads(threads);
    setDeterministic(deterministic);
    setAsync(true); // JavaScript prepares the next batch, and answers its supervisor, while libtorch computes
    const { version, device, totalBytes, cpuLevel } = torchInfo();
    if (device === "cuda") setTF32(true);
    return {
      backend: "torch",
      ...(device === "cuda" ? { device: "cuda, float32 products in TF32", memoryBytes: totalBytes || null } : cpu()),
      threads,
      precisions: supportedPrecisions(),
      versions: { ...versions(), torch: version },
      cpuLevel: device === "cuda" ? null : cpuLevel,
    };
  },
  async tensorflow({ threads, deterministic }) {
    if (deterministic) throw new BackendUnavailableError("backend tensorflow does not promise the same bits each time");
    const extensions = [tensorflowTrainingOps];
    const { version, device } = await registerTensorflowBackend({ threads, extensions }).catch((error: unknown) => {
      if (error instanceof TensorflowUnavailableError)
        throw new BackendUnavailableError(`backend tensorflow: ${error.message}; ${howToAdd}`, { cause: error });
      throw error;
    });
    await use("tensorflow");
    return {
      backend: "tensorflow",
      ...(device === "gpu" ? { device, memoryBytes: null } : cpu()),
      threads,
      precisions: ["fp32"],
      versions: { ...versions(), tensorflow: version },
      cpuLevel: null,
    };
  },
  async wasm() {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
    await use("wasm");
    registerComposedConvolutionGradients("wasm");
    registerSharingIdentity("wasm");
    registerShiftedPoolGradient("wasm");
    return { backend: "wasm", ...cpu(), threads: 1, precisions: ["fp32"], versions: versions(), cpuLevel: null };
  },
  async cpu() {
    await import("@tensorflow/tfjs-backend-cpu");
    await use("cpu");
    return { backend: "cpu", ...cpu(), threads: 1, precisions: ["fp32"], versions: versions(), cpuLevel: null };
  },
};

/** Only torch has a choice: the others compute in float32, which is what they list. */
function usePrecision(precision: Precision, { backend, device, precisions: here }: Opened): void {
  if (!here.includes(precision))
    throw new BackendUnavailableError(
      `backend ${backend} does not compute in ${precision} on ${device}: only torch on a GPU or on a processor with bfloat16 instructions does`,
    );
  if (backend === "torch") setPrecision(precision);
}

async function use(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new BackendUnavailableError(`backend ${name} did not start`);
  await tf.ready();
}

/** A CPU shares the machine's memory. */
const cpu = () => ({ device: `cpu ${cpus()[0]?.model ?? ""}`.trim(), memoryBytes: totalmem() });

const versions = () => ({ node: process.versions.node, tfjs: tf.version_core });
