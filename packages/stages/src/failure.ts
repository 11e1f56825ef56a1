import type { Failure } from "@reluctant/contracts";

/** Ends an attempt with a failure that its reader can act on. */
export class StageFailure extends Error {
  readonly failure: Failure;
  constructor(code: Failure["code"], message: string, step: number | null = null) {
    super(message);
    this.name = "StageFailure";
    this.failure = { code, fatal: code === "not-finite" || code === "bad-input", message, step };
  }
}

/** Runs `read`; what it throws is the fault of `subject`, which no retry can heal. */
export function badInput<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new StageFailure("bad-input", `${subject}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
