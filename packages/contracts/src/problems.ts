import { z } from "zod";

/** What can be wrong, as programs read it: an error's code here and in the API's answers. `apps/api` gives each its status. */
export const problemCodes = [
  "invalid-request",
  "invalid-json",
  "unauthenticated",
  "forbidden",
  "bad-origin",
  "not-found",
  "method-not-allowed",
  "request-timeout",
  "conflict",
  "link-expired",
  "body-too-large",
  "unsupported-media-type",
  "range-not-satisfiable",
  "invalid-spec",
  "idempotency-mismatch",
  "too-many-requests",
  "headers-too-large",
  "internal",
  "busy",
  "timed-out",
  "unavailable",
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** RFC 9457 problem details. `errors` names every field, header or limit at fault. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(problemCodes),
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
