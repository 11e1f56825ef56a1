import { count, short } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { readSpec } from "../spec-file.ts";
import { table } from "../terminal/table.ts";

export const plan = (program: Command): Command =>
  withConnection(
    program
      .command("plan <file>")
      .description("show what a spec would run and what the store already has; runs nothing")
      .option("--json", "print the plan as JSON"),
  ).action(async (file: string, flags: ConnectionFlags & { json?: true }) => {
    const planned = await (await connect(flags)).experiments.plan(await readSpec(file));
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(planned)}\n`);
      return;
    }
    const rows = planned.stageRuns.map((stage) => [
      stage.kind,
      stage.implementation,
      `s${stage.seed}`,
      count(stage.steps),
      short(stage.images),
      String(stage.trials),
      stage.known ?? "to run",
      stage.stageKey.slice(0, 8),
    ]);
    const toRun = planned.stageRuns.filter((stage) => stage.known === null);
    process.stdout.write(
      `${table(
        [
          { title: "stage" },
          { title: "implementation" },
          { title: "seed" },
          { title: "steps", align: "right" },
          { title: "images", align: "right" },
          { title: "trials", align: "right" },
          { title: "store" },
          { title: "key" },
        ],
        rows,
      )}\n\n${planned.trials.length} trials, ${planned.stageRuns.length} stage runs, ${toRun.length} to run: ${short(toRun.reduce((sum, stage) => sum + stage.images, 0))} training images\n`,
    );
  });
