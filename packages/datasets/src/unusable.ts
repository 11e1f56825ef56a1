import type { UnusableDataset } from "@reluctant/contracts";
import { DatasetError, reason, unreadable } from "./errors.ts";
import type { DatasetSource } from "./source.ts";

/** A data set that was found and cannot be read: whoever tries learns why. */
export function unusableSource(name: string, error: unknown): DatasetSource {
  const refuse = async (): Promise<never> => {
    throw error;
  };
  return {
    name,
    unusable: true,
    fingerprint: refuse,
    // biome-ignore lint/correctness/useYield: it has no samples
    async *samples() {
      throw error;
    },
    decode: refuse,
  };
}

/** What a person is told of a data set that cannot be used. */
export function unusable(name: string, error: unknown): UnusableDataset {
  if (error instanceof DatasetError) return { name, reason: error.reason, fix: error.fix };
  const { path, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return { name, reason: reason(error), fix: "this is a fault: report it with the log" };
  const told = unreadable(path ?? name, error, "it went away while it was read: put it back and start again");
  return { name, reason: told.reason, fix: told.fix };
}
