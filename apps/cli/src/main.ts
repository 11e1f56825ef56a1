import { createProgram } from "./program.ts";
import { exitCodes, reportError } from "./report-error.ts";

// A reader such as `head` that closes the pipe is no error; nobody reads what could be said of another one.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", ({ code }: NodeJS.ErrnoException) =>
    process.exit(code === "EPIPE" ? (process.exitCode ?? exitCodes.done) : exitCodes.failed),
  );

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
