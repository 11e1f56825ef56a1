import type { Client } from "@reluctant/sdk";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { exitCodes } from "../report-error.ts";
import { print } from "../terminal/print.ts";
import { endText, follow } from "../watch.ts";

export const watch = (program: Command): Command =>
  withConnection(program.command("watch <experiment>").description("follow an experiment until it ends")).action(
    async (given: string, flags: ConnectionFlags) => {
      const client = await connect(flags);
      await finish(client, await findExperiment(client, given), process.stdout);
    },
  );

/** Follows to the end; the exit code is 3 when it did not finish. Ctrl-C stops following, not the experiment. */
export async function finish(client: Client, id: string, out: NodeJS.WriteStream): Promise<void> {
  const experiment = await follow(client, id, out);
  print(endText(experiment), out);
  if (experiment.state !== "finished") process.exitCode = exitCodes.unfinished;
}
