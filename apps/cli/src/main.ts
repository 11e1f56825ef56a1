import { Command } from "commander";
import { cancel } from "./commands/cancel.ts";
import { compare } from "./commands/compare.ts";
import { demo } from "./commands/demo.ts";
import { exportFrontier } from "./commands/export.ts";
import { exportModel } from "./commands/export-model.ts";
import { frontier } from "./commands/frontier.ts";
import { importModel } from "./commands/import.ts";
import { logs } from "./commands/logs.ts";
import { ls } from "./commands/ls.ts";
import { masks } from "./commands/masks.ts";
import { models } from "./commands/models.ts";
import { plan } from "./commands/plan.ts";
import { submit } from "./commands/submit.ts";
import { up } from "./commands/up.ts";
import { watch } from "./commands/watch.ts";
import { worker } from "./commands/worker.ts";
import { report } from "./report.ts";

const commands = [
  submit,
  plan,
  watch,
  compare,
  ls,
  cancel,
  logs,
  frontier,
  exportFrontier,
  importModel,
  exportModel,
  masks,
  models,
  worker,
  up,
  demo,
];

const program = new Command("reluctant")
  .description("Spend ReLUs only where they matter: plan, submit and follow partial-ReLU experiments.")
  .version("0.1.0")
  .showHelpAfterError()
  .addHelpText(
    "after",
    "\nExit codes: 0 done, 1 failed, 2 wrong use, 3 the experiment failed or was cancelled, 130 interrupted.",
  );
// Before the commands are added: they take it over.
program.exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : 2));
for (const add of commands) add(program);

// A reader such as `head` that closes the pipe is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
