import { type FieldError, type Problem, type ProblemCode, problems, ReluctantError } from "@reluctant/contracts";
import { isDataError, isPoolFull, isTimedOut, isUnavailable } from "@reluctant/db";
import { RedisUnavailable } from "@reluctant/queue";

/** RFC 9457 problem details of a code; `type` is a name, not an address. */
export const problem = (code: ProblemCode, detail: string, errors: FieldError[] = []): Problem => ({
  type: `urn:reluctant:problem:${code}`,
  ...problems[code],
  code,
  detail,
  ...(errors.length > 0 && { errors }),
});

/**
 * What the caller is told of an error. What nobody foresaw tells nothing of its inside: the log has it, under the
 * request's id.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ReluctantError) return problem(error.code, error.message, error.errors);
  if (error instanceof URIError || isClientError(error)) {
    return problem("invalid-request", "The address is not valid", [{ field: "path", message: "cannot be decoded" }]);
  }
  if (error instanceof RedisUnavailable) return problem("unavailable", "The queues are out of reach; try again soon");
  if (isPoolFull(error)) return problem("busy", "The database is busy: every connection is in use; try again soon");
  if (isTimedOut(error)) {
    return problem(
      "timed-out",
      "The database did not answer in time, and what was begun is undone; try again in a while",
    );
  }
  if (isUnavailable(error)) return problem("unavailable", "The database is out of reach; try again soon");
  if (isDataError(error)) {
    return problem(
      "invalid-request",
      "A value of the request cannot be stored or looked up, such as a text with the character NUL",
    );
  }
  return problem("internal", "The request could not be answered; the log names the reason under its X-Request-Id");
}

/** Express' own errors, such as a path that cannot be decoded. */
const isClientError = (error: unknown): boolean =>
  error instanceof Error && "status" in error && typeof error.status === "number" && error.status < 500;
