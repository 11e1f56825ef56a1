import type { Failure } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { exitCauseOf } from "./exit-causes.ts";

test.each<[Failure["code"], string, string, string]>([
  ["not-finite", "the loss is NaN at step 3", "work", "loss not finite"],
  ["bad-input", "masks: 3 of 4 layers", "work", "bad input"],
  ["bad-input", "artifact 12ab is not in the store", "platform", "artifact missing or damaged"],
  ["internal", "ENOSPC: no space left on device, write", "node", "disk full"],
  [
    "child-exit",
    "the training process was ended by SIGBUS; its last lines: No space left on device",
    "node",
    "disk full",
  ],
  ["internal", "Error: EROFS: read-only file system, open '/cache/x'", "node", "disk error"],
  ["internal", "CUDA error: uncorrectable ECC error encountered", "node", "GPU error"],
  ["internal", "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling cublasCreate", "node", "GPU error"],
  ["out-of-memory", "CUDA error: out of memory", "work", "out of memory"],
  ["out-of-memory", "the training process ran out of memory", "work", "out of memory"],
  ["internal", "DatasetError: /data/cifar10/data_batch_1.bin is gone", "node", "data missing or unreadable"],
  [
    "internal",
    "data set version 12ab is not on this machine, and nobody pushed it",
    "node",
    "data missing or unreadable",
  ],
  ["internal", "data set version 12ab has 9 GB, and RELUCTANT_FETCHED_GB allows 4", "node", "no room for the data"],
  ["child-exit", "the training process was ended by SIGKILL", "node", "killed by a signal"],
  ["child-exit", "the training process was ended by SIGSEGV", "platform", "crashed"],
  ["child-exit", "the training process ended with exit code 1 before its result", "platform", "ended early"],
  ["internal", "connect ECONNREFUSED 10.0.0.1:5432", "platform", "a service was away"],
  ["internal", "TypeError: x is not a function", "platform", "internal error"],
])("%s, %s: the fault of the %s", (code, message, fault, cause) => {
  expect(exitCauseOf({ code, message })).toEqual({ cause, fault });
});
