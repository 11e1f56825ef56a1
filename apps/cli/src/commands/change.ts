import { type ExperimentSummary, type Priority, priorities, ReluctantError } from "@reluctant/contracts";
import type { Client } from "@reluctant/sdk";
import { Argument, type Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { exitCodes } from "../report-error.ts";
import { seed } from "../seed-option.ts";
import { type Selection, selectExperiments, withSelection } from "../select-experiments.ts";
import { note, print } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";

interface Change {
  description: string;
  run: (client: Client, id: string) => Promise<ExperimentSummary>;
  /** Which of many it is for. */
  fits: (experiment: ExperimentSummary) => boolean;
}

const isOn = ({ state }: ExperimentSummary): boolean => state === "active" || state === "paused";

const changes: Record<string, Change> = {
  cancel: {
    description: "stop what no other experiment needs; results stay",
    run: (client, id) => client.experiments.cancel(id),
    fits: isOn,
  },
  pause: {
    description: "stop with checkpoints what runs for them alone, and start nothing until they are resumed",
    run: (client, id) => client.experiments.pause(id),
    fits: ({ state }) => state === "active",
  },
  resume: {
    description: "have paused experiments go on",
    run: (client, id) => client.experiments.resume(id),
    fits: ({ state }) => state === "paused",
  },
  retry: {
    description: "run again what failed or was cancelled; what succeeded stays",
    run: (client, id) => client.experiments.retry(id),
    fits: ({ state, progress: { failed, cancelled } }) => state !== "paused" && failed + cancelled > 0,
  },
};

export const changeCommands = Object.entries(changes).map(
  ([name, change]) =>
    (program: Command): Command =>
      withConnection(withSelection(program.command(`${name} [experiments...]`).description(change.description))).action(
        async (named: string[], flags: ConnectionFlags & Selection) => {
          const client = await connect(flags);
          const chosen = await selectExperiments(client, named, { selection: flags, fits: change.fits });
          await changeAll(client, chosen, change.run);
        },
      ),
);

/** One after the other; what is refused is said, and keeps no other from its turn. */
async function changeAll(
  client: Client,
  chosen: readonly { id: string; name: string }[],
  run: Change["run"],
): Promise<void> {
  if (chosen.length === 0) print("no experiment is selected");
  for (const { id, name } of chosen) {
    try {
      const experiment = await run(client, id);
      print(line`${experiment.name}: ${experiment.state}`);
    } catch (error) {
      if (chosen.length === 1 || !(error instanceof ReluctantError)) throw error;
      note(line`${name}: ${error.message}`);
      process.exitCode = exitCodes.failed;
    }
  }
}

export const priority = (program: Command): Command =>
  withConnection(
    program
      .command("priority <experiment>")
      .addArgument(new Argument("<priority>", "its new class").choices(priorities))
      .description("give what waits of an experiment another turn; what runs goes on"),
  ).action(async (given: string, wanted: Priority, flags: ConnectionFlags) => {
    const client = await connect(flags);
    const { name } = await client.experiments.setPriority(await findExperiment(client, given), wanted);
    print(line`${name}: ${wanted} priority`);
  });

interface Additions {
  methods?: string[];
  budgets?: string[];
  seeds?: number[];
}

export const extend = (program: Command): Command =>
  withConnection(
    program
      .command("extend <experiment>")
      .description("add methods, budgets or seeds; what it has stays as it is")
      .option("--methods <names...>", "methods to add")
      .option("--budgets <budgets...>", 'budgets to add, such as 50k or "10%"')
      .option("--seeds <seeds...>", "seeds to add", (text: string, before: number[] = []) => [...before, seed(text)]),
  ).action(async (given: string, { methods, budgets, seeds, ...flags }: ConnectionFlags & Additions) => {
    if (!methods && !budgets && !seeds)
      throw new ReluctantError("invalid-request", "say what to add: --methods, --budgets or --seeds");
    const client = await connect(flags);
    const id = await findExperiment(client, given);
    const experiment = await client.experiments.extend(id, { methods, budgets, seeds });
    print(line`${experiment.name}: ${experiment.state}, ${experiment.trials} trials`);
  });
