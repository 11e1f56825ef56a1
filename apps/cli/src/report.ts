import { ReluctantError } from "@reluctant/contracts";
import { AnswerError, ApiError, UnreachableError } from "@reluctant/sdk";
import { forErr } from "./terminal/color.ts";

/** Prints an error for a person and answers the exit code: one line, and one more for each field at fault. */
export function report(error: unknown): number {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (error instanceof ApiError) {
    say(`${forErr.red("error:")} ${error.problem.detail}`);
    for (const fault of error.problem.errors ?? []) say(`  ${forErr.bold(fault.field)}: ${fault.message}`);
    return 1;
  }
  if (error instanceof ReluctantError) {
    say(`${forErr.red("error:")} ${error.message}`);
    for (const fault of error.errors) say(`  ${forErr.bold(fault.field)}: ${fault.message}`);
    return 1;
  }
  if (error instanceof UnreachableError || error instanceof AnswerError) {
    say(`${forErr.red("error:")} ${error.message}`);
    return 1;
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}
