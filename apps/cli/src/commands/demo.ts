import type { Command } from "commander";
import { backendOption } from "../backend-option.ts";
import type { DemoFlags } from "../demo.ts";
import { wholeNumber, workerCounts } from "../whole-number.ts";

export const demo = (program: Command): Command =>
  program
    .command("demo")
    .description(
      "from nothing to a frontier on this machine: start everything, run an experiment, run it again from cache",
    )
    .option("--fast", "a small recipe: under two minutes")
    .option("--keep", "stay up afterwards, for the dashboard")
    .option("--data <folder>", "where the demo keeps its data; emptied first", "var/demo")
    .option("--workers <n>", "workers of one thread each", wholeNumber(workerCounts), 2)
    .addOption(backendOption())
    // Loaded when asked for: the servers' code doubles the time that every other command takes to start.
    .action(async (flags: DemoFlags) => (await import("../demo.ts")).runDemo(flags));
