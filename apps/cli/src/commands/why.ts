import type { StageRun, Trial, Waiting } from "@reluctant/contracts";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { stageLabel } from "../stage-label.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { wholeNumber } from "../whole-number.ts";

/** Those whose turn may come next first: what has its inputs, then by age. */
const inOrder = (stageRuns: readonly StageRun[]): StageRun[] => {
  const waiting = stageRuns.filter(({ state }) => state === "blocked" || state === "ready" || state === "active");
  return waiting.toSorted((a, b) => Number(a.state === "blocked") - Number(b.state === "blocked"));
};

export const why = (program: Command): Command =>
  withConnection(
    program
      .command("why <experiment>")
      .description("say for what waits of an experiment why it has no slot yet")
      .option("--limit <n>", "how many stage runs to look at", wholeNumber({ min: 1, max: 200 }), 20)
      .addOption(jsonOption("print them as a JSON array"))
      .addOption(jsonLinesOption()),
  ).action(async (given: string, flags: ConnectionFlags & { limit: number } & ListFlags) => {
    const client = await connect(flags);
    const id = await findExperiment(client, given);
    const { stageRuns } = await client.experiments.get(id);
    const trials: Trial[] = [];
    for await (const trial of client.experiments.allTrials(id)) trials.push(trial);
    const asked = inOrder(stageRuns);
    const found: { stageRun: StageRun; waiting: NonNullable<Waiting["waiting"]> }[] = [];
    for (const stageRun of asked.slice(0, flags.limit)) {
      const waiting = await client.stageRuns.waiting(stageRun.id);
      if (waiting) found.push({ stageRun, waiting });
    }
    const items = found.map(({ stageRun: { id, kind }, waiting }) => ({ stageRunId: id, kind, ...waiting }));
    if (printedAsJson(items, flags)) return;
    if (items.length === 0) return print("nothing of it waits");
    print(
      table(
        [{ title: "stage run" }, { title: "for" }, { title: "why it waits" }],
        found.map(({ stageRun, waiting }) => [stageRun.kind, stageLabel(stageRun, trials), waiting.message]),
      ),
    );
    if (asked.length > flags.limit) print(`${asked.length - flags.limit} more with --limit`);
  });
