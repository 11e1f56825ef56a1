import { z } from "zod";

/** Every error code of the API with its HTTP status and title: one table, read by API, SDK and documentation. */
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
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof problems;

/** RFC 9457 problem details. `errors` names every field, header or limit at fault. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string(),
  instance: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export interface FieldError {
  field: string;
  message: string;
}

/** An error with a meaning for the caller; the API turns it into problem details, the CLI into one line. */
export class ReluctantError extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[];
  constructor(code: ProblemCode, detail: string, errors: FieldError[] = [], options?: ErrorOptions) {
    super(detail, options);
    this.name = "ReluctantError";
    this.code = code;
    this.errors = errors;
  }
}

/** Field errors of a Zod error, with paths as `budgets[2]` or `settings.train.batchSize`. */
export const fieldErrors = (error: z.ZodError, root = "body"): FieldError[] =>
  error.issues.flatMap((issue) => issueErrors(issue, [], root));

/** Of one object: a body of 1 MB can hold 80,000 that nobody knows, and they took 100 ms to name. */
const mostKeys = 20;

function issueErrors(issue: z.core.$ZodIssue, parent: PropertyKey[], root: string): FieldError[] {
  const path = [...parent, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys
      .slice(0, mostKeys)
      .map((key) => ({ field: fieldPath([...path, key], root), message: "is not a known field" }));
  }
  if (issue.code === "invalid_union") {
    const meant = issue.errors.find((branch) => branch.length > 0 && !isOfOtherType(branch));
    if (meant) return meant.flatMap((inner) => issueErrors(inner, path, root));
    const types = [...new Set(issue.errors.flatMap(expectedTypes))];
    if (types.length > 0) return [{ field: fieldPath(path, root), message: `must be of type ${types.join(" or ")}` }];
  }
  return [{ field: fieldPath(path, root), message: issue.message }];
}

/** Whether a union's branch fails because the value as a whole has another type: not the branch that was meant. */
const isOfOtherType = (branch: z.core.$ZodIssue[]): boolean =>
  branch.some(
    (issue) =>
      issue.path.length === 0 &&
      (issue.code === "invalid_type" || (issue.code === "invalid_union" && issue.errors.every(isOfOtherType))),
  );

const expectedTypes = (branch: z.core.$ZodIssue[]): string[] =>
  branch.flatMap((issue) => {
    if (issue.code === "invalid_type") return [issue.expected];
    return issue.code === "invalid_union" ? issue.errors.flatMap(expectedTypes) : [];
  });

const fieldPath = (path: PropertyKey[], root: string): string =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    "",
  ) || root;
