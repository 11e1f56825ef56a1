import { Command } from "commander";
import { admin } from "./commands/admin.ts";
import { artifacts } from "./commands/artifacts.ts";
import { backends } from "./commands/backends.ts";
import { changeCommands, extend, priority } from "./commands/change.ts";
import { compare } from "./commands/compare.ts";
import { datasets } from "./commands/datasets.ts";
import { demo } from "./commands/demo.ts";
import { exportFrontier } from "./commands/export.ts";
import { exportModel } from "./commands/export-model.ts";
import { frontier } from "./commands/frontier.ts";
import { importModel } from "./commands/import.ts";
import { logs } from "./commands/logs.ts";
import { ls } from "./commands/ls.ts";
import { masks } from "./commands/masks.ts";
import { models } from "./commands/models.ts";
import { pi } from "./commands/pi.ts";
import { plan } from "./commands/plan.ts";
import { submit } from "./commands/submit.ts";
import { teams } from "./commands/teams.ts";
import { trials } from "./commands/trials.ts";
import { up } from "./commands/up.ts";
import { watch } from "./commands/watch.ts";
import { why } from "./commands/why.ts";
import { worker } from "./commands/worker.ts";
import { workers } from "./commands/workers.ts";
import { exitCodes } from "./report-error.ts";
import { write } from "./terminal/print.ts";

const commands = [
  submit,
  plan,
  pi,
  watch,
  why,
  compare,
  ls,
  ...changeCommands,
  extend,
  priority,
  trials,
  logs,
  frontier,
  exportFrontier,
  importModel,
  exportModel,
  masks,
  models,
  datasets,
  artifacts,
  worker,
  workers,
  teams,
  admin,
  backends,
  up,
  demo,
];

/** Every command with its flags and its help; it ends the process with the code of a wrong use, or of a help that was asked for. */
export function createProgram(): Command {
  const program = new Command("reluctant")
    .description("Spend ReLUs only where they matter: plan, submit and follow partial-ReLU experiments.")
    .version("0.1.0")
    .showHelpAfterError()
    .configureOutput({ writeOut: (text) => write(text), writeErr: (text) => write(text, process.stderr) })
    .addHelpText(
      "after",
      `
Exit codes: 0 done, 1 failed, 2 wrong use (of a command, a flag or a spec), 3 the experiment failed or was cancelled,
130 interrupted.
--json prints one JSON value: an object, or of lists an array, which --jsonl prints as one item a line.`,
    );
  // Before the commands are added: they take it over.
  program.exitOverride((end) => process.exit(end.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse));
  for (const add of commands) add(program);
  return program;
}
