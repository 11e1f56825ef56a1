import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { readSpec } from "../spec-file.ts";
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
    if (flags.json) process.stdout.write(`${JSON.stringify(experiment)}\n`);
    else process.stdout.write(`submitted ${experiment.name}: ${experiment.trials} trials, id ${experiment.id}\n`);
    if (flags.watch) await finish(client, experiment.id);
  });
