/** A TensorFlow.js backend on libtorch. `await registerTorchBackend()`, then `tf.setBackend("torch")`. */
import { findBackend, type Tensor } from "@tensorflow/tfjs-core";
import { type Precision, precisions, TorchBackend } from "./backend.ts";
import { type Bridge, type CpuLevel, cpuLevels, type OperatorCounts, type TorchInfo } from "./bridge.ts";
import { processorHasBf16, type StoredType, storedTypeOf } from "./precision.ts";

export { type Precision, precisions } from "./backend.ts";
export { type CpuLevel, cpuLevels, type OperatorCounts, type TorchInfo } from "./bridge.ts";
export { type BuildOptions, type Built, ensureBuilt, type Missing } from "./build.ts";
export type { Extension } from "./extension.ts";
export { delegatedKernels } from "./kernels/delegated.ts";
export type { StoredType } from "./precision.ts";
export {
  type Received,
  RecordedStep,
  recordStep,
  type StepFunction,
  type StepInputs,
  type StepMode,
} from "./recorded-step.ts";
export { registerTorchBackend, type TorchOptions, TorchUnavailableError } from "./register.ts";

/** libtorch's version, the device, the level of instructions, threads per operator (1 at the start), live tensors, their bytes, calls so far. */
export function torchInfo(): TorchInfo {
  return bridge().info();
}

/** Counts `torchInfo().peakBytes` anew, after what is queued. */
export function forgetMemoryPeak(): void {
  bridge().forgetMemoryPeak();
}

/** Sets how many threads one operator may use, from 1 to 1024. */
export function setThreads(count: number): void {
  bridge().setThreads(count);
}

/**
 * With `true`, the same calls give the same bits each time on the same model of device, and an operation that cannot
 * throws. Before anything is computed: on CUDA, libraries read their part, the variable CUBLAS_WORKSPACE_CONFIG, once.
 * CPUs do so anyway, for one number of threads.
 * @throws Error when the variable is set to something that makes no promise
 */
export function setDeterministic(on: boolean): void {
  if (on && bridge().info().device === "cuda") useFixedWorkspace();
  bridge().setDeterministic(on);
}

/** cuBLAS promises the same bits for these sizes of its workspace only. */
function useFixedWorkspace(): void {
  process.env.CUBLAS_WORKSPACE_CONFIG ??= ":4096:8";
  const { CUBLAS_WORKSPACE_CONFIG: size } = process.env;
  if (size !== ":4096:8" && size !== ":16:8")
    throw new Error(`CUBLAS_WORKSPACE_CONFIG is "${size}"; deterministic results need :4096:8 or :16:8`);
}

/**
 * Whether CUDA multiplies float32 in TF32, which has 10 bits of mantissa and is several times as fast, in convolutions and
 * matrix products; off at the start.
 * @throws Error on CPUs, which have none
 */
export function setTF32(on: boolean): void {
  bridge().setTF32(on);
}

/**
 * The precisions that this machine computes in at full speed: fp32, and bf16 on CUDA and on processors with bfloat16
 * instructions (avx512_bf16, amx_bf16), unless a level below those is forced.
 */
export function supportedPrecisions(): Precision[] {
  const { device, cpuLevel } = bridge().info();
  const bf16 = device === "cuda" || (cpuLevel === cpuLevels.at(-1) && processorHasBf16());
  return precisions.filter((precision) => precision === "fp32" || bf16);
}

/**
 * What convolutions and matrix products compute in from now on, and with it what activations are stored in; fp32 at the
 * start (precision.ts says what stays float32 in bf16).
 * @throws Error when this machine does not have the precision
 */
export function setPrecision(precision: Precision): void {
  if (!supportedPrecisions().includes(precision))
    throw new Error(`this processor has no instructions for ${precision} (avx512_bf16 or amx_bf16)`);
  backend().precision = precision;
}

/** What a float32 tensor is stored as. Waits for what is queued. @throws Error for a tensor of another type */
export function storedType(x: Tensor): StoredType {
  return storedTypeOf(backend(), x);
}

/**
 * With `true`, operators run on an engine thread, in order, while JavaScript goes on; an operator's error then comes
 * with the `data()` of a tensor that depends on it. With `false`, waits for the queue and runs them at once again.
 */
export function setAsync(on: boolean): void {
  bridge().setAsync(on);
}

/** What libtorch runs while `run` does: what a step asks of it, and whether it lays anything out anew. */
export async function countOperators(run: () => Promise<unknown>): Promise<OperatorCounts> {
  bridge().startCounting();
  let counts: OperatorCounts | undefined;
  try {
    await run();
  } finally {
    counts = bridge().stopCounting();
  }
  return counts;
}

/** The levels of instructions that this machine has, lowest first: those that TFJS_TORCH_CPU_LEVEL may name. */
export function machineCpuLevels(): CpuLevel[] {
  return bridge().cpuLevels();
}

const bridge = (): Bridge => backend().bridge;

function backend(): TorchBackend {
  const found = findBackend("torch");
  if (!(found instanceof TorchBackend))
    throw new Error("the torch backend is not registered: await registerTorchBackend() first");
  return found;
}
