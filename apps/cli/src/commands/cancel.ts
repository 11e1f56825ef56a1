import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { print } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";

export const cancel = (program: Command): Command =>
  withConnection(
    program.command("cancel <experiment>").description("stop what no other experiment needs; results stay"),
  ).action(async (given: string, flags: ConnectionFlags) => {
    const client = await connect(flags);
    const experiment = await client.experiments.cancel(await findExperiment(client, given));
    print(line`${experiment.name}: ${experiment.state}`);
  });
