#!/usr/bin/env node
/**
 * `tfjs-backend-torch-levels`: the levels of instructions that this machine has, one a line, lowest first: those that
 * TFJS_TORCH_CPU_LEVEL may name. Exit 3 and one line when something is not installed, 1 otherwise.
 */
import { machineCpuLevels, registerTorchBackend, TorchUnavailableError } from "./index.ts";

try {
  await registerTorchBackend();
  for (const level of machineCpuLevels()) console.log(level);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof TorchUnavailableError ? 3 : 1;
}
