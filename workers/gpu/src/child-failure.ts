import type { Failure } from "@reluctant/contracts";
import { DatasetError } from "@reluctant/datasets";
import { StageFailure } from "@reluctant/stages";

/** What allocators say: libtorch on a CPU and on CUDA, V8's array buffers, C++. */
const outOfMemory = /out of memory|can't allocate memory|Array buffer allocation failed|bad_alloc/i;

/** A stage's own failure as it is; anything else may heal on another try or worker, so it is never fatal. */
export function failureOf(error: unknown): Failure {
  if (error instanceof StageFailure) return { ...error.failure, message: error.failure.message.slice(0, 10_000) };
  const message = (
    error instanceof Error && !(error instanceof DatasetError) ? (error.stack ?? error.message) : String(error)
  ).slice(0, 10_000);
  return { code: outOfMemory.test(message) ? "out-of-memory" : "internal", fatal: false, message, step: null };
}
