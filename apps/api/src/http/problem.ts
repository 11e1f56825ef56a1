import { StoreUnavailable } from "@reluctant/artifacts";
import { type FieldError, type Problem, type ProblemCode, ReluctantError } from "@reluctant/contracts";
import { isDataError, isPoolFull, isRetryable, isTimedOut, isUnavailable } from "@reluctant/db";
import { RedisUnavailable } from "@reluctant/queue";

/** What each code is to HTTP: no other place knows of statuses. */
export const problems = {
  "invalid-request": { status: 400, title: "The request is not valid" },
  "invalid-json": { status: 400, title: "The body is not JSON" },
  unauthenticated: { status: 401, title: "A valid token or session is needed" },
  forbidden: { status: 403, title: "Your role does not allow this" },
  "bad-origin": { status: 403, title: "The request comes from another site" },
  "not-found": { status: 404, title: "There is no such resource" },
  "method-not-allowed": { status: 405, title: "The resource does not support this method" },
  "request-timeout": { status: 408, title: "The body did not arrive in time" },
  conflict: { status: 409, title: "The resource's state does not allow this" },
  "link-expired": { status: 410, title: "The login link was used or has expired" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body must be JSON" },
  "range-not-satisfiable": { status: 416, title: "The range lies outside the artifact" },
  "invalid-spec": { status: 422, title: "The experiment's spec is not valid" },
  "idempotency-mismatch": { status: 422, title: "This Idempotency-Key was used with another body" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "headers-too-large": { status: 431, title: "The address and headers are too large" },
  internal: { status: 500, title: "Something went wrong on our side" },
  busy: { status: 503, title: "More requests came than can be answered at once" },
  "timed-out": { status: 503, title: "The answer took too long" },
  unavailable: { status: 503, title: "A store that this needs is out of reach" },
} as const satisfies Record<ProblemCode, { status: number; title: string }>;

/** RFC 9457 problem details of a code; `type` is a name, not an address. */
export const problem = (code: ProblemCode, detail: string, errors: FieldError[] = []): Problem => ({
  type: `urn:reluctant:problem:${code}`,
  ...problems[code],
  code,
  detail,
  ...(errors.length > 0 && { errors }),
});

/** Errors without a code of their own, and what the caller is told; the first that fits counts. */
const codeless: readonly {
  is: (error: unknown) => boolean;
  code: ProblemCode;
  detail: string;
  errors?: FieldError[];
}[] = [
  {
    is: (error) => error instanceof URIError || isClientError(error),
    code: "invalid-request",
    detail: "The address is not valid",
    errors: [{ field: "path", message: "cannot be decoded" }],
  },
  {
    is: (error) => error instanceof RedisUnavailable,
    code: "unavailable",
    detail: "The queues are out of reach; try again soon",
  },
  {
    is: (error) => error instanceof StoreUnavailable,
    code: "unavailable",
    detail: "The store of artifacts is out of reach; try again soon",
  },
  {
    is: isPoolFull,
    code: "busy",
    detail: "The database is busy: every connection is in use; try again soon",
  },
  {
    is: isRetryable, // and it was tried as often as a transaction is
    code: "busy",
    detail:
      "Others changed the same rows each time that this was tried, and nothing was done; send it again after Retry-After",
  },
  {
    is: isTimedOut,
    code: "timed-out",
    detail: "The database did not answer in time, and what was begun is undone; try again in a while",
  },
  {
    is: isUnavailable,
    code: "unavailable",
    detail: "The database is out of reach; try again soon",
  },
  {
    is: isDataError,
    code: "invalid-request",
    detail: "A value of the request cannot be stored or looked up, such as a text with the character NUL",
  },
];

/**
 * What the caller is told of an error. What nobody foresaw tells nothing of its inside: the log has it, under the
 * request's id.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ReluctantError) return problem(error.code, error.message, error.errors);
  const known = codeless.find(({ is }) => is(error));
  return known
    ? problem(known.code, known.detail, known.errors)
    : problem("internal", "The request could not be answered; the log names the reason under its X-Request-Id");
}

/** Express' own errors, such as a path that cannot be decoded. */
const isClientError = (error: unknown): boolean =>
  error instanceof Error && "status" in error && typeof error.status === "number" && error.status < 500;
