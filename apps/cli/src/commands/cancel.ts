import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";

export const cancel = (program: Command): Command =>
  withConnection(
    program.command("cancel <experiment>").description("stop what no other experiment needs; results stay"),
  ).action(async (given: string, flags: ConnectionFlags) => {
    const client = await connect(flags);
    const experiment = await client.experiments.cancel(await findExperiment(client, given));
    process.stdout.write(`${experiment.name}: ${experiment.state}\n`);
  });
