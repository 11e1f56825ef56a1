import { type FieldError, type ProblemCode, ReluctantError } from "@reluctant/contracts";
import { AnswerError, ApiError, UnreachableError } from "@reluctant/sdk";
import { ContentError } from "./input-file.ts";
import { systemMessage } from "./system-error.ts";
import { note, rendered } from "./terminal/print.ts";
import { bold, line, red, singleLine, type Text } from "./terminal/text.ts";

/** What a command ends with; the program's help says so too. 2 is also commander's own, for flags and arguments. */
export const exitCodes = { done: 0, failed: 1, wrongUse: 2, unfinished: 3, interrupted: 130 } as const;

/** Prints an error for a person and answers the exit code: one line, and one more for each field at fault. */
export function reportError(error: unknown): number {
  if (error instanceof ApiError) {
    const { code, detail, errors = [] } = error.problem;
    if (code === "unauthenticated") return say(strangeToken);
    return say(line`${detail}`, errors, codeOf(code));
  }
  if (error instanceof ReluctantError) return say(error.message, error.errors, codeOf(error.code));
  if (error instanceof UnreachableError || error instanceof AnswerError || error instanceof ContentError)
    return say(error.message);
  const message = systemMessage(error);
  if (message) return say(message);
  note(error instanceof Error ? (error.stack ?? error.message) : String(error)); // a fault of ours
  return exitCodes.failed;
}

/** The API speaks of headers; here it is a file or a variable. */
const strangeToken = "the API does not know this token; give another with --token FILE or RELUCTANT_TOKEN";

function say(message: Text, faults: readonly FieldError[] = [], code: number = exitCodes.failed) {
  note([...red("error:"), { text: " " }, ...(typeof message === "string" ? [{ text: message }] : message)]);
  const told = rendered(message, process.stderr);
  const untold = faults.filter(({ field, message: fault }) => !told.includes(singleLine(`${field}: ${fault}`)));
  for (const { field, message: fault } of untold) note(line`  ${bold(field)}: ${fault}`);
  return code;
}

/** What was asked for cannot be asked for so, whoever found out. */
const wrongUse: readonly ProblemCode[] = [
  "invalid-request",
  "invalid-json",
  "invalid-spec",
  "idempotency-mismatch",
  "body-too-large",
  "unsupported-media-type",
];
const codeOf = (code: ProblemCode): number => (wrongUse.includes(code) ? exitCodes.wrongUse : exitCodes.failed);
