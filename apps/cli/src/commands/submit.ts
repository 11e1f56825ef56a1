import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { readSpec } from "../spec-file.ts";
import { print, printJson } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";
import { finish } from "./watch.ts";

export const submit = (program: Command): Command =>
  withConnection(
    program
      .command("submit <file>")
      .description("submit an experiment from a YAML or JSON spec")
      .option("--watch", "follow it until it ends")
      .option("--key <key>", "idempotency key: the same key and spec make one experiment")
      .option("--json", "print the experiment as JSON"),
  ).action(async (file: string, flags: ConnectionFlags & { watch?: true; key?: string; json?: true }) => {
    const spec = await readSpec(file);
    const client = await connect(flags);
    const experiment = await client.experiments.submit(spec, flags.key ? { idempotencyKey: flags.key } : {});
    if (flags.json) printJson(experiment);
    else print(line`submitted ${experiment.name}: ${experiment.trials} trials, id ${experiment.id}`);
    if (flags.watch) await finish(client, experiment.id, flags.json ? process.stderr : process.stdout);
  });
