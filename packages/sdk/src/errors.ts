import { type Problem, problemSchema } from "@reluctant/contracts";

/** The API refused or failed: `problem` says why and names the field at fault. */
export class ApiError extends Error {
  readonly problem: Problem;
  readonly status: number;
  /** When it may be worth to ask again, where the API says so (`Retry-After`). */
  readonly retryAfterSeconds: number | null;

  constructor(problem: Problem, retryAfterSeconds: number | null = null) {
    const fields = problem.errors?.map((error) => `${error.field}: ${error.message}`).join("; ");
    super(fields ? `${problem.detail} (${fields})` : problem.detail);
    this.name = "ApiError";
    this.problem = problem;
    this.status = problem.status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nothing answered: the API does not run, or the network is down. */
export class UnreachableError extends Error {
  constructor(url: string, cause: unknown) {
    super(`Nothing answers at ${new URL(url).origin}; check that the API runs there and that the address is right`, {
      cause,
    });
    this.name = "UnreachableError";
  }
}

/** The API answered in a shape that this client does not know: their versions differ. */
export class AnswerError extends Error {
  constructor(what: string, cause: unknown) {
    super(`The answer to ${what} has an unknown shape; use a client and an API of the same version`, { cause });
    this.name = "AnswerError";
  }
}

/** The problem in an unsuccessful answer; one is made up from the status where a proxy answered instead of the API. */
export async function apiError(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const problem = problemSchema.safeParse(body);
  const retryAfter = secondsIn(response.headers.get("retry-after"));
  if (problem.success) return new ApiError(problem.data, retryAfter);
  return new ApiError(
    {
      type: "about:blank",
      title: response.statusText,
      status: response.status,
      code: response.status < 500 ? "invalid-request" : "unavailable",
      detail: `The server answered ${response.status} ${response.statusText}`.trim(),
    },
    retryAfter,
  );
}

/** The seconds of a `Retry-After`; the API never gives a date. */
const secondsIn = (header: string | null): number | null =>
  header && /^\d{1,6}$/.test(header) ? Number(header) : null;
