import type { Failure } from "@reluctant/contracts";

/** Ends an attempt with a failure of the supervisor's finding. The stages have one of their own, which is not loaded here. */
export class AttemptFailure extends Error {
  readonly failure: Failure;
  constructor(code: Failure["code"], message: string) {
    super(message);
    this.name = "AttemptFailure";
    this.failure = { code, fatal: code === "bad-input", message: message.slice(0, 10_000), step: null };
  }
}

/** The failure that an error in the supervisor is to the attempt. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AttemptFailure) return error.failure;
  return new AttemptFailure("internal", error instanceof Error ? error.message : String(error)).failure;
}
