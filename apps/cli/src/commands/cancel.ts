import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";

export const cancel = (program: Command): Command =>
  withConnection(
    program.command("cancel <experiment>").description("stop what no other experiment needs; results stay"),
  ).action(async (id: string, flags: ConnectionFlags) => {
    const experiment = await (await connect(flags)).experiments.cancel(id);
    process.stdout.write(`${experiment.name}: ${experiment.state}\n`);
  });
