import { type ExperimentState, experimentStates } from "@reluctant/contracts";
import { compact, percent } from "@reluctant/plot";
import { type Command, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { ago, bar } from "../terminal/format.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { wholeNumber } from "../whole-number.ts";

export const ls = (program: Command): Command =>
  withConnection(
    program
      .command("ls")
      .description("list experiments, newest first")
      .addOption(new Option("--state <state>", "only those in this state").choices(experimentStates))
      .option("--search <words>", "only those whose name holds these words")
      .option("--limit <n>", "how many", wholeNumber({ min: 1, max: 200 }), 20)
      .addOption(jsonOption("print them as a JSON array"))
      .addOption(jsonLinesOption()),
  ).action(async (flags: ConnectionFlags & { state?: ExperimentState; search?: string; limit: number } & ListFlags) => {
    const client = await connect(flags);
    const { items, next } = await client.experiments.list({
      state: flags.state,
      search: flags.search,
      limit: flags.limit,
    });
    if (printedAsJson(items, flags)) return;
    if (items.length === 0) {
      print("no experiments; submit one with: reluctant submit examples/quick.yaml");
      return;
    }
    const rows = items.map((item) => [
      item.id.slice(0, 8),
      item.name,
      item.state,
      `${item.dataset} · ${item.model}`,
      `${item.methods.length} × ${Math.max(1, item.budgets.length)} × ${item.seeds.length}`,
      `${bar(item.progress.succeeded / Math.max(1, item.progress.total), 10)} ${item.progress.succeeded}/${item.progress.total}`,
      item.best ? compact(item.best.reluCount) : "–",
      item.best ? percent(item.best.validationAccuracy, 1) : "–",
      item.best ? percent(item.best.testAccuracy, 1) : "–",
      ago(item.createdAt, Date.now()),
    ]);
    const titles = [
      "id",
      "name",
      "state",
      "dataset · model",
      "sweep",
      "stage runs",
      "best",
      "validation",
      "test",
      "age",
    ];
    print(
      table(
        titles.map((title) => ({ title })),
        rows,
      ),
    );
    if (next) print("more with --limit");
  });
