import {
  type Priority,
  priorities,
  ReluctantError,
  type Trial,
  type TrialState,
  type TrialsChanged,
  trialStates,
} from "@reluctant/contracts";
import { compact, percent } from "@reluctant/plot";
import type { Client, TrialFilter } from "@reluctant/sdk";
import { Argument, type Command, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { seed } from "../seed-option.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { line, type Text } from "../terminal/text.ts";

interface Selection {
  trial?: string[];
  method?: string[];
  budget?: string[];
  seed?: number[];
  state?: TrialState[];
}

/** Flags that say which trials of an experiment. */
const withSelection = (command: Command): Command =>
  command
    .option("--trial <ids...>", "these, by the first digits of their ids")
    .option("--method <names...>", "those of these methods")
    .option("--budget <budgets...>", 'those of these budgets, such as 50k or "10%"')
    .option("--seed <seeds...>", "those of these seeds", (text: string, before: number[] = []) => [
      ...before,
      seed(text),
    ])
    .addOption(new Option("--state <states...>", "those in these states").choices(trialStates));

interface Change {
  description: string;
  one: (client: Client, id: string) => Promise<Trial>;
  many: (client: Client, experimentId: string, filter: TrialFilter) => Promise<TrialsChanged>;
}

const changes: Record<string, Change> = {
  pause: {
    description: "stop with a checkpoint what runs for these trials alone, and start nothing for them",
    one: (client, id) => client.trials.pause(id),
    many: (client, id, filter) => client.trials.ofExperiment.pause(id, filter),
  },
  resume: {
    description: "have paused trials go on",
    one: (client, id) => client.trials.resume(id),
    many: (client, id, filter) => client.trials.ofExperiment.resume(id, filter),
  },
  cancel: {
    description: "stop what no other trial needs; results stay",
    one: (client, id) => client.trials.cancel(id),
    many: (client, id, filter) => client.trials.ofExperiment.cancel(id, filter),
  },
  retry: {
    description: "run again what failed or was cancelled of these trials",
    one: (client, id) => client.trials.retry(id),
    many: (client, id, filter) => client.trials.ofExperiment.retry(id, filter),
  },
};

export const trials = (program: Command): Command => {
  const command = program
    .command("trials")
    .description("list the trials of an experiment, or change some of them alone");
  withConnection(
    command
      .command("list <experiment>", { isDefault: true })
      .description("the trials of an experiment, and what they reached")
      .addOption(jsonOption("print them as a JSON array"))
      .addOption(jsonLinesOption()),
  ).action(async (given: string, flags: ConnectionFlags & ListFlags) => {
    const client = await connect(flags);
    const items = await trialsOf(client, await findExperiment(client, given));
    if (!printedAsJson(items, flags)) print(listed(items));
  });
  for (const [name, change] of Object.entries(changes))
    withConnection(withSelection(command.command(`${name} <experiment>`).description(change.description))).action(
      (given: string, flags: ConnectionFlags & Selection) => changeSelected(given, flags, change),
    );
  withConnection(
    withSelection(
      command
        .command("priority <experiment>")
        .addArgument(new Argument("<priority>", "their new class").choices(priorities))
        .description("give what waits of these trials a turn of their own; what runs goes on"),
    ),
  ).action((given: string, wanted: Priority, flags: ConnectionFlags & Selection) =>
    changeSelected(given, flags, {
      one: (client, id) => client.trials.setPriority(id, wanted),
      many: (client, id, filter) => client.trials.ofExperiment.setPriority(id, wanted, filter),
    }),
  );
  return command;
};

async function changeSelected(
  given: string,
  { trial: ids, method, budget, seed, state, ...flags }: ConnectionFlags & Selection,
  { one, many }: Pick<Change, "one" | "many">,
): Promise<void> {
  const filtered = method ?? budget ?? seed ?? state;
  if ((ids === undefined) === (filtered === undefined))
    throw new ReluctantError(
      "invalid-request",
      "say which trials: --trial names some, or --method, --budget, --seed and --state select them",
    );
  const client = await connect(flags);
  const id = await findExperiment(client, given);
  if (ids) {
    for (const trial of named(await trialsOf(client, id), ids)) print(told(await one(client, trial.id)));
    return;
  }
  const filter = { methods: method, budgets: budget, seeds: seed, states: state };
  const { changed, experiment } = await many(client, id, filter);
  print(line`${experiment.name}: ${changed} of ${experiment.trials} trials changed, ${experiment.state}`);
}

/** @throws ReluctantError where the digits begin no trial's id, or those of several */
function named(all: readonly Trial[], digits: readonly string[]): Trial[] {
  return digits.map((given) => {
    const [found, ...others] = all.filter(({ id }) => id.startsWith(given));
    if (!found) throw new ReluctantError("not-found", `the experiment has no trial ${given}`);
    if (others.length > 0)
      throw new ReluctantError("invalid-request", `${given} begins ${others.length + 1} ids; give more digits`);
    return found;
  });
}

async function trialsOf(client: Client, id: string): Promise<Trial[]> {
  const all: Trial[] = [];
  for await (const trial of client.experiments.allTrials(id)) all.push(trial);
  return all;
}

const budgetOf = ({ budget }: Trial): string => (budget === null ? "–" : compact(budget));

const told = (trial: Trial): Text =>
  line`${trial.method} ${budgetOf(trial)} s${trial.seed}: ${trial.state}, ${trial.priority} priority`;

const listed = (items: readonly Trial[]): string =>
  table(
    [
      { title: "id" },
      { title: "method" },
      { title: "budget", align: "right" },
      { title: "seed", align: "right" },
      { title: "state" },
      { title: "priority" },
      { title: "test", align: "right" },
      { title: "why" },
    ],
    items.map((trial) => [
      trial.id.slice(0, 8),
      trial.method,
      budgetOf(trial),
      String(trial.seed),
      trial.state,
      trial.priority,
      trial.testAccuracy === null ? "–" : percent(trial.testAccuracy),
      trial.reason ?? "",
    ]),
  );
